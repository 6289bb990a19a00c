import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import common from '@grafana/grafana-foundation-sdk/common';
import dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import stat from '@grafana/grafana-foundation-sdk/stat';
import text from '@grafana/grafana-foundation-sdk/text';
import timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** What a panel shows; `legend` may name labels as `{{label}}`. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export interface TextPanel {
  readonly title: string;
  readonly about: string;
  readonly kind: 'text';
  /** Markdown. */
  readonly text: string;
}

export interface QueryPanel {
  readonly title: string;
  /** What to look for, for whoever is woken by it. */
  readonly about: string;
  /** Grafana's id of a unit: `s`, `ms`, `percentunit`, `reqps`, `short`, `bytes`, … */
  readonly unit: string;
  readonly kind: 'now' | 'over time';
  readonly queries: readonly Query[];
  /** Red from here on. */
  readonly badFrom?: number;
  /** Red below. */
  readonly badBelow?: number;
}

export type Panel = QueryPanel | TextPanel;

export interface Board {
  /** Stable: links and provisioning rest on it. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const DATASOURCE: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const HEIGHT = { now: 4, text: 4, 'over time': 8 } as const;
const PER_ROW_MAX = { now: 6, text: 4, 'over time': 3 } as const;

/** A board as Grafana's JSON model. */
export function toDashboard(board: Board): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.about)
    .tags(['stella', 'generated'])
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .timezone('utc')
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new dashboard.QueryVariableBuilder('job')
        .label('Job')
        .datasource(DATASOURCE)
        .query('label_values(stella_build_info, job)')
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.+'),
    );
  for (const row of board.rows) {
    builder.withRow(new dashboard.RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(toPanel(panel, row.panels));
  }
  return builder.build();
}

function toPanel(panel: Panel, all: readonly Panel[]): Builder<dashboard.Panel> {
  const beside = Math.min(all.filter(({ kind }) => kind === panel.kind).length, PER_ROW_MAX[panel.kind]);
  const builder = panel.kind === 'text' ? new text.PanelBuilder().mode(text.TextMode.Markdown).content(panel.text) : toQueries(panel);
  return builder
    .title(panel.title)
    .description(panel.about)
    .height(HEIGHT[panel.kind])
    .span(Math.floor(COLUMNS / beside));
}

function toQueries(panel: QueryPanel): stat.PanelBuilder | timeseries.PanelBuilder {
  const builder = panel.kind === 'now' ? new stat.PanelBuilder() : series();
  builder.unit(panel.unit).datasource(DATASOURCE).thresholds(thresholdsOf(panel));
  for (const query of panel.queries) builder.withTarget(toTarget(query, panel));
  return builder;
}

function series(): timeseries.PanelBuilder {
  return new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .legend(new common.VizLegendOptionsBuilder().displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom).showLegend(true));
}

function toTarget({ expr, legend }: Query, { kind }: QueryPanel): Builder<Dataquery> {
  const query = new prometheus.DataqueryBuilder().expr(expr).legendFormat(legend ?? '').datasource(DATASOURCE);
  return kind === 'now' ? query.instant() : query.range();
}

function thresholdsOf({ badFrom, badBelow }: QueryPanel): dashboard.ThresholdsConfigBuilder {
  const steps: dashboard.Threshold[] =
    badFrom !== undefined
      ? [{ value: null, color: 'green' }, { value: badFrom, color: 'red' }]
      : badBelow !== undefined
        ? [{ value: null, color: 'red' }, { value: badBelow, color: 'green' }]
        : [{ value: null, color: 'blue' }];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}
