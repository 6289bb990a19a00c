import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { requestId } from '@stella/verdict';
import { causeOf, Unanswered } from '../domain/collected.js';
import type { Progress } from '../domain/progress.js';
import { askedDigest, type ReleaseQuestion } from '../domain/release.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import { Flights } from './flights.js';
import type { GateTrust } from './gate-trust.js';
import type { Policies, PolicyInForce } from './policies.js';
import type { EarlierAnswer, EvaluationRepository, GateFacts, Locks, VerdictRepository } from './ports.js';
import type { RunEvaluation } from './run-evaluation.js';

export type EvaluationEvent =
  | { readonly kind: 'progress'; readonly name: string; readonly progress: Progress; readonly elapsedMs: number }
  | { readonly kind: 'verdict'; readonly name: 'verdict'; readonly record: VerdictRecord; readonly cached: boolean };

type Emit = (event: EvaluationEvent) => void;

/** Answers again what was decided and has not changed; else evaluates, once for all who ask the same at the same time. */
export class EvaluateRelease {
  readonly #flights: Flights<EvaluationEvent>;

  constructor(
    private readonly trust: GateTrust,
    private readonly policies: Policies,
    private readonly verdicts: VerdictRepository,
    private readonly evaluations: EvaluationRepository,
    private readonly locks: Locks,
    private readonly run: RunEvaluation,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
    private readonly ids: () => string,
  ) {
    this.#flights = new Flights(limits.evaluationsAtOnce, limits.evaluationMs, (count) => facts.running(count));
  }

  /**
   * Progress, then the verdict as the last event.
   * @throws DomainError POLICY_NOT_FOUND, POLICY_EXPIRED, ARTIFACT_NOT_FOUND, INCIDENT_NOT_FOUND, EVALUATION_FAILED,
   *   EVALUATIONS_TOO_MANY, CANCELLED, DEADLINE_EXCEEDED; nothing was issued then
   */
  async *execute(question: ReleaseQuestion, signal: AbortSignal): AsyncGenerator<EvaluationEvent> {
    const startMs = performance.now();
    const policy = await this.policies.get(question.policyId);
    const sought = this.#soughtBy(question, policy);
    const earlier = question.fresh ? undefined : await this.verdicts.answerTo(sought);
    if (earlier) {
      this.facts.answeredFromCache((performance.now() - startMs) / 1000);
      yield verdictEvent(earlier, true);
      return;
    }
    const key = `${question.tenant} ${sha256Hex(Buffer.from(`${sought.requestDigest} ${sought.askedSha256}`))}`;
    yield* this.#flights.join(key, (emit, ended) => this.locks.hold(`evaluation ${key}`, ended, () => this.#evaluate(question, policy, sought, key, emit, ended)), signal);
  }

  /** Waits for what is under way, so that nothing outlives the database. */
  landed(): Promise<void> {
    return this.#flights.landed();
  }

  #soughtBy(question: ReleaseQuestion, { set }: PolicyInForce): EarlierAnswer {
    const { tenant, baseline, candidate, claims } = question;
    return {
      tenant,
      requestDigest: requestId({ tenant, baselineSha256: baseline.sha256, candidateSha256: candidate.sha256, claims, policySha256: set.digest }),
      askedSha256: askedDigest(question),
      trustRootSha256: this.trust.current(this.clock()).digest,
    };
  }

  async #evaluate(question: ReleaseQuestion, policy: PolicyInForce, sought: EarlierAnswer, key: string, emit: Emit, signal: AbortSignal): Promise<void> {
    // Another process may have been at it while this one waited.
    const earlier = question.fresh ? undefined : await this.verdicts.answerTo(sought);
    if (earlier) return emit(verdictEvent(earlier, true));
    const startMs = performance.now();
    const evaluationId = await this.evaluations.begin(question.tenant, sha256Hex(Buffer.from(key)), this.ids());
    const report = (progress: Progress): void => emit({ kind: 'progress', name: progress.stage, progress, elapsedMs: Math.round(performance.now() - startMs) });
    try {
      const record = await this.run.execute({ question, evaluationId, report, unanswered: new Unanswered(), signal }, policy);
      this.facts.ended('verdict', (performance.now() - startMs) / 1000);
      emit(verdictEvent(record, false));
    } catch (error) {
      const how = signal.aborted && isDomainError(signal.reason, 'CANCELLED') ? 'cancelled' : 'failed';
      this.facts.ended(how, (performance.now() - startMs) / 1000);
      await this.evaluations.ended(evaluationId, how, causeOf(signal.aborted ? signal.reason : error)).catch(() => undefined);
      throw error;
    }
  }
}

function verdictEvent(record: VerdictRecord, cached: boolean): EvaluationEvent {
  return { kind: 'verdict', name: 'verdict', record, cached };
}
