import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KPIS } from './index.js';

const services = join(import.meta.dirname, '../../../../services');

test.each(KPIS.map((kpi) => [kpi.name, kpi] as const))('%s is measured by metrics that its service has, or says why it is not', (_name, kpi) => {
  if (kpi.notYetMeasurable !== undefined) {
    expect(kpi.notYetMeasurable.length).toBeGreaterThan(20);
    return;
  }
  const source = readFileSync(join(services, kpi.service, 'src', 'events.ts'), 'utf8');
  expect(kpi.metrics.length).toBeGreaterThan(0);
  for (const metric of kpi.metrics) {
    expect(source).toContain(`'${metric}'`);
    expect(kpi.query).toContain(metric);
  }
});

test('every name is there once, in the form that was promised', () => {
  const names = KPIS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
});
