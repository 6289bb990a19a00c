import type { Board } from '../board.ts';
import { BOARD, gauge, increase, orZero, quantile, rate, series, share } from '../promql.ts';
import { SERVER_FAULTS } from '../slos.ts';

/** Calls that ended by a fault of ours, by service. */
const faults = rate('grpc_server_handled_total', ['job'], { code: `=~"${SERVER_FAULTS}"` });

export const platform: Board = {
  uid: 'stella-platform',
  title: 'Stella / Platform',
  about: 'Calls, events and processes of every service.',
  rows: [
    {
      title: 'Calls',
      panels: [
        { title: 'Up', about: 'Processes that answer.', unit: 'short', kind: 'now', queries: [{ expr: `sum by (service) (${series('stella_build_info', {}, BOARD)})`, legend: '{{service}}' }] },
        { title: 'Faults', about: 'Share of the calls that ended by a fault of ours.', unit: 'percentunit', kind: 'now', badFrom: 0.001, queries: [{ expr: share(orZero(increase('grpc_server_handled_total', [], { code: `=~"${SERVER_FAULTS}"` })), increase('grpc_server_handled_total')) }] },
        { title: 'In flight', about: 'Calls under way.', unit: 'short', kind: 'now', queries: [{ expr: gauge('grpc_server_in_flight', 'sum') }] },
        { title: 'Dead letters', about: 'Events that were given up. Look at them, mend the cause, hand them out again.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: orZero(increase('events_handled_total', [], { outcome: '="dead"' })) }] },
        { title: 'Calls', about: 'By method.', unit: 'reqps', kind: 'over time', queries: [{ expr: rate('grpc_server_handled_total', ['method']), legend: '{{method}}' }] },
        { title: 'Errors', about: 'Calls that did not end OK, by method and code; refusals of the caller included.', unit: 'reqps', kind: 'over time', queries: [{ expr: orZero(rate('grpc_server_handled_total', ['method', 'code'], { code: '!="OK"' })), legend: '{{method}} {{code}}' }, { expr: orZero(faults), legend: 'faults {{job}}' }] },
        { title: 'Duration', about: 'p95 by method; streams last as long as they are followed.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.95, 'grpc_server_handling_seconds', ['method']), legend: '{{method}}' }] },
      ],
    },
    {
      title: 'Events',
      panels: [
        { title: 'Relayed', about: 'Sent from outboxes, by topic.', unit: 'short', kind: 'over time', queries: [{ expr: rate('events_relayed_total', ['topic']), legend: '{{topic}}' }] },
        { title: 'Handled', about: 'Attempts, by consumer and outcome.', unit: 'short', kind: 'over time', queries: [{ expr: rate('events_handled_total', ['consumer', 'outcome']), legend: '{{consumer}} {{outcome}}' }] },
        { title: 'Time to handle', about: 'p95, by topic.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.95, 'events_handling_seconds', ['topic']), legend: '{{topic}}' }] },
      ],
    },
    {
      title: 'Processes',
      panels: [
        { title: 'CPU', about: 'Cores in use.', unit: 'short', kind: 'over time', queries: [{ expr: rate('process_cpu_seconds_total', ['job', 'instance']), legend: '{{job}} {{instance}}' }] },
        { title: 'Memory', about: 'Resident.', unit: 'bytes', kind: 'over time', queries: [{ expr: gauge('process_resident_memory_bytes', 'max', ['job', 'instance']), legend: '{{job}} {{instance}}' }] },
        { title: 'Event loop lag', about: 'p99. Above 100 ms every call waits.', unit: 's', kind: 'over time', queries: [{ expr: gauge('nodejs_eventloop_lag_p99_seconds', 'max', ['job', 'instance']), legend: '{{job}} {{instance}}' }] },
      ],
    },
  ],
};
