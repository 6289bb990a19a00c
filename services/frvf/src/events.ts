import { type OutcomeClass as OutcomeMessage, OutcomeClass } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { ReplayRequested, VerificationCompleted, WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import { isVerdict, type OutcomeClass as Outcome } from '@stella/witness';
import type { Key, ReplayFacts, ReplayOrderDetails } from './application/ports.js';
import { capsuleSetup } from './capsule-setup.js';
import type { Failure } from './domain/failure.js';
import type { Milestone, Waiting } from './domain/milestone.js';
import type { Replay } from './domain/replay.js';
import { type ResultFigures, type Verification, verificationName } from './domain/verification.js';
import { type Witness, witnessName } from './domain/witness.js';
import { limits } from './limits.js';

export const TOPICS = {
  witnessRecorded: 'stella.frvf.witness-recorded.v1alpha',
  replayRequested: 'stella.frvf.replay-requested.v1alpha',
  verificationCompleted: 'stella.frvf.verification-completed.v1alpha',
  replayCompleted: 'stella.replay-worker.replay-completed.v1alpha',
} as const;

/** From a recording at once to a fix after a quarter. */
const MILESTONE_BUCKETS_SECONDS = [1, 10, 60, 600, 3_600, 14_400, 86_400, 259_200, 604_800, 2_592_000, 7_776_000];
/** From a cached answer to a long replay. */
const VERIFY_BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];
const VARIANCE_BUCKETS = [0, 1, 2, 5, 10, 50, 100, 999];

export const OUTCOMES: Readonly<Record<Outcome, OutcomeMessage>> = {
  reproduced: OutcomeClass.OUTCOME_CLASS_REPRODUCED,
  fixed: OutcomeClass.OUTCOME_CLASS_FIXED,
  'not-reproduced': OutcomeClass.OUTCOME_CLASS_NOT_REPRODUCED,
  'different-failure': OutcomeClass.OUTCOME_CLASS_DIFFERENT_FAILURE,
  flaky: OutcomeClass.OUTCOME_CLASS_FLAKY,
  infrastructure: OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE,
};

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class FrvfEvents implements ReplayFacts {
  readonly #requested;
  readonly #late;
  readonly #expired;
  readonly #quota;
  readonly #witnesses;
  readonly #recordingsFailed;
  readonly #cache;
  readonly #verifyMs;
  readonly #outcomes;
  readonly #variance;
  readonly #runs;
  readonly #verificationsFailed;
  readonly #reexecutions;
  readonly #milestoneSeconds;
  readonly #waiting;
  readonly #longestWait;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#requested = metrics.counter('frvf_replays_requested_total', 'Replays that workers were asked for, by purpose.', ['purpose']);
    this.#late = metrics.counter('frvf_replays_answered_late_total', 'Answers that came after the deadline, or twice.');
    this.#expired = metrics.counter('frvf_replays_expired_total', 'Replays that nobody answered in time.');
    this.#quota = metrics.counter('frvf_quota_rejections_total', 'Requests refused because the tenant has enough replays under way.');
    this.#witnesses = metrics.counter('frvf_witnesses_recorded_total', 'New witnesses, by level.', ['determinism', 'isolation']);
    this.#recordingsFailed = metrics.counter('frvf_recordings_failed_total', 'Recordings that gave no witness, by reason.', ['reason']);
    this.#cache = metrics.counter('frvf_verify_cache_total', 'Verifications asked for, by what the cache said: hit, miss, joined or bypassed.', ['answer']);
    this.#verifyMs = metrics.histogram('verify_time_ms', 'From the request to the result, in milliseconds.', ['source'], VERIFY_BUCKETS_MS);
    this.#outcomes = metrics.counter('frvf_verifications_total', 'Results, by class.', ['outcome']);
    this.#variance = metrics.histogram('deterministic_score_variance', 'Distinct canonical outcomes of a result, less one.', [], VARIANCE_BUCKETS);
    this.#runs = metrics.counter('replay_success_ratio_runs_total', 'Runs of results that are verdicts, and of flaky ones, by whether they succeeded.', ['result']);
    this.#verificationsFailed = metrics.counter('frvf_verifications_failed_total', 'Verifications without a result, by reason.', ['reason']);
    this.#reexecutions = metrics.counter('frvf_cache_reexecutions_total', 'Cached results that were replayed again, by what that showed.', ['result']);
    this.#milestoneSeconds = metrics.histogram('frvf_incident_milestone_seconds', 'From a registered incident to its first witness, and to the first build shown to be free of it.', ['milestone'], MILESTONE_BUCKETS_SECONDS);
    this.#waiting = metrics.gauge('frvf_incidents_waiting', 'Incidents that have not come to a milestone.', ['milestone']);
    this.#longestWait = metrics.gauge('frvf_incidents_longest_wait_seconds', 'Age of the oldest incident that has not come to a milestone.', ['milestone']);
  }

  async replayRequested(tx: Tx, replay: Replay, details: ReplayOrderDetails): Promise<void> {
    const payload = ReplayRequested.encode({
      replayId: replay.id,
      artifactSha256: details.artifactSha256,
      setup: capsuleSetup(details.draft),
      determinism: details.determinism,
      isolation: details.isolation,
      replays: replay.runs,
      canonicaliser: details.canonicaliser,
      notRunMax: limits.notRunMax,
      captureStack: true,
      deadline: replay.deadline,
    }).finish();
    await this.events.append(tx, { topic: TOPICS.replayRequested, tenant: replay.tenant, key: replay.id, payload });
    tx.afterCommit(() => {
      this.#requested.inc({ purpose: replay.purpose });
      this.logger.info({ tenant: replay.tenant, replay: replay.id, purpose: replay.purpose, runs: replay.runs }, 'replay requested');
    });
  }

  quotaSpent(tenant: string): void {
    this.#quota.inc();
    this.logger.warn({ tenant }, 'replay refused: the tenant has enough under way');
  }

  answeredLate(replayId: string): void {
    this.#late.inc();
    this.logger.warn({ replay: replayId }, 'a replay was answered late; the answer is ignored');
  }

  expired(tx: Tx, { tenant, id, purpose }: Replay): void {
    tx.afterCommit(() => {
      this.#expired.inc();
      this.logger.warn({ tenant, replay: id, purpose }, 'a replay was not answered in time');
    });
  }

  async witnessRecorded(tx: Tx, witness: Witness, isNew: boolean): Promise<void> {
    if (!isNew) return;
    const { tenant, id, incidentId: incident, artifactSha256, evidenceSha256, stack, determinism, isolation } = witness;
    const name = witnessName(id);
    const message = { witness: name, incident: `incidents/${incident}`, artifactSha256, evidenceSha256, stack: Buffer.from(stack?.body ?? []), stackFormat: stack?.format ?? '' };
    await this.events.append(tx, { topic: TOPICS.witnessRecorded, tenant, key: name, payload: WitnessRecorded.encode(message).finish() });
    tx.afterCommit(() => {
      this.#witnesses.inc({ determinism, isolation });
      this.logger.info({ tenant, witness: id, incident, stack: stack?.format }, 'witness recorded');
    });
  }

  incidentReached(tx: Tx, milestone: Milestone, waitedMs: number): void {
    tx.afterCommit(() => this.#milestoneSeconds.observe({ milestone }, waitedMs / 1_000));
  }

  incidentsWaiting(waiting: readonly Waiting[]): void {
    for (const { milestone, count, longestMs } of waiting) {
      this.#waiting.set({ milestone }, count);
      this.#longestWait.set({ milestone }, longestMs / 1_000);
    }
  }

  recordingFailed(tx: Tx, { tenant, id }: Key, failure: Failure): void {
    tx.afterCommit(() => {
      this.#recordingsFailed.inc({ reason: failure.reason });
      this.logger.info({ tenant, recording: id, ...failure }, 'no witness was recorded');
    });
  }

  cacheAsked(answer: 'hit' | 'miss' | 'joined' | 'bypassed', durationMs: number): void {
    this.#cache.inc({ answer });
    if (answer === 'hit') this.#verifyMs.observe({ source: 'cached' }, durationMs);
  }

  async verificationCompleted(tx: Tx, verification: Verification, result: ResultFigures, durationMs: number): Promise<void> {
    const { tenant, id, witnessId, artifactSha256 } = verification;
    const { outcome, evidenceSha256 } = result;
    const name = verificationName(id);
    const message = { verification: name, witness: witnessName(witnessId), artifactSha256, outcome: OUTCOMES[outcome], evidenceSha256 };
    await this.events.append(tx, { topic: TOPICS.verificationCompleted, tenant, key: name, payload: VerificationCompleted.encode(message).finish() });
    tx.afterCommit(() => {
      this.#outcomes.inc({ outcome });
      this.#verifyMs.observe({ source: 'replayed' }, durationMs);
      this.#variance.observe(result.canonicalVariance);
      if (isVerdict(outcome) || outcome === 'flaky') {
        this.#runs.inc({ result: 'success' }, result.successes);
        this.#runs.inc({ result: 'other' }, result.replays - result.successes);
      }
      this.logger.info({ tenant, verification: id, outcome, replays: result.replays, boundPpm: result.successLowerBoundPpm, durationMs }, 'verification completed');
    });
  }

  verificationFailed(tx: Tx, { tenant, id }: Key, failure: Failure): void {
    tx.afterCommit(() => {
      this.#verificationsFailed.inc({ reason: failure.reason });
      this.logger.warn({ tenant, verification: id, ...failure }, 'verification failed');
    });
  }

  reexecuted(tx: Tx, { tenant, id }: Key, result: 'agreed' | 'contradicted' | 'inconclusive'): void {
    tx.afterCommit(() => {
      this.#reexecutions.inc({ result });
      this.logger[result === 'contradicted' ? 'error' : 'info']({ tenant, verification: id, result }, 'cached result replayed again');
    });
  }
}
