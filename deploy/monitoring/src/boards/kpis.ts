import { type Kpi, KPIS } from '@stella/platform-telemetry';
import type { Board, Panel } from '../board.ts';

const UNITS = { ratio: 'percentunit', percent: 'percent', seconds: 's', milliseconds: 'ms', outcomes: 'short', nodes: 'short' } as const;

export const kpis: Board = {
  uid: 'stella-kpis',
  title: 'Stella / Indicators',
  about: 'The key figures by their names, over the time shown; and those that cannot be measured yet.',
  rows: [{ title: 'Indicators', panels: KPIS.map(toPanel) }],
};

function toPanel(kpi: Kpi): Panel {
  const { name: title, service } = kpi;
  if (kpi.notYetMeasurable !== undefined) return { title, about: `Of ${service}.`, kind: 'text', text: `**not yet measurable**: ${kpi.notYetMeasurable}` };
  return { title, about: `Of ${service}.`, kind: 'now', unit: UNITS[kpi.unit], queries: [{ expr: kpi.query.replaceAll('$window', '$__range') }] };
}
