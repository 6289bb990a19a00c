import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** How the housekeeping of a service tells what it did, whoever does it. */
export function housekeepingReports(service: string, logger: Logger, metrics: Metrics) {
  const removed = metrics.counter('housekeeping_removed_total', 'Rows that were removed at the end of their retention, by service and kind.', ['service', 'kind']);
  const failures = metrics.counter('housekeeping_failures_total', 'Passes in which rows of a kind could not be removed, by service and kind.', ['service', 'kind']);
  return {
    forgot(kind: string, rows: number): void {
      removed.inc({ service, kind }, rows);
      logger.info({ kind, rows }, 'what is no longer kept was removed');
    },
    failed(kind: string, error: unknown): void {
      failures.inc({ service, kind });
      logger.warn({ err: error, kind }, 'what is no longer kept could not be removed; trying again later');
    },
  };
}
