import { ReplayCompleted } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { ReplayFacts } from './application/ports.js';
import type { ReplayReport, ReplayRun } from './domain/replay-report.js';

export const TOPICS = {
  replayRequested: 'stella.frvf.replay-requested.v1alpha',
  replayCompleted: 'stella.replay-worker.replay-completed.v1alpha',
} as const;

const MS_PER_SECOND = 1_000;

/** One helper a fact. */
export class ReplayWorkerEvents implements ReplayFacts {
  readonly #runs;
  readonly #runSeconds;
  readonly #caps;
  readonly #replays;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#runs = metrics.counter('replay_worker_runs_total', 'Runs in capsules, by whether they could be made.', ['result']);
    this.#runSeconds = metrics.histogram('replay_worker_run_seconds', 'Wall time of a program in its capsule.');
    this.#caps = metrics.counter('replay_worker_caps_hit_total', 'Runs that hit a cap, by cap.', ['cap']);
    this.#replays = metrics.counter('replay_worker_replays_total', 'Replays answered, by result.', ['result']);
  }

  runEnded(run: ReplayRun): void {
    if ('failure' in run) {
      this.#runs.inc({ result: 'not-run' });
      this.logger.warn({ run: run.runId, reason: run.failure.reason, detail: run.failure.detail }, 'a run could not be made');
      return;
    }
    const { capHit, measured } = run.outcome;
    this.#runs.inc({ result: 'made' });
    this.#runSeconds.observe(measured.wallMs / MS_PER_SECOND);
    if (capHit !== null) this.#caps.inc({ cap: capHit });
  }

  async completed(tx: Tx, tenant: string, replayId: string, report: ReplayReport): Promise<void> {
    const message = toMessage(replayId, report);
    await this.events.append(tx, { topic: TOPICS.replayCompleted, tenant, key: replayId, payload: ReplayCompleted.encode(message).finish() });
    tx.afterCommit(() => {
      this.#replays.inc({ result: message.failureReason === '' ? 'made' : 'failed' });
      this.logger.info({ tenant, replay: replayId, runs: message.runs, failure: message.failureReason || undefined }, 'replay completed');
    });
  }
}

function toMessage(replayId: string, report: ReplayReport): ReplayCompleted {
  if ('failure' in report) {
    return { replayId, outcomesSha256: '', runs: 0, failureReason: report.failure.reason, failureDetail: report.failure.detail, host: undefined };
  }
  const { outcomesSha256, runs, host } = report;
  return { replayId, outcomesSha256, runs: runs.length, failureReason: '', failureDetail: '', host: { ...host, closure: [...host.closure] } };
}
