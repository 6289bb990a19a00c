import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { causeOf } from '../domain/collected.js';
import { knownSubjects } from '../domain/news.js';
import type { Progress } from '../domain/progress.js';
import { askedDigest, type ReleaseQuestion, requestOf } from '../domain/release.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import type { ConcludeEvaluation } from './conclude-evaluation.js';
import { Flights } from './flights.js';
import type { GateTrust } from './gate-trust.js';
import type { Policies, PolicyInForce } from './policies.js';
import type { GateFacts, Locks } from './ports.js';
import type { EarlierAnswer, EvaluationRepository, NewsRepository, VerdictRepository } from './repositories.js';

export type EvaluationEvent =
  | { readonly kind: 'progress'; readonly name: string; readonly progress: Progress; readonly elapsedMs: number }
  | { readonly kind: 'verdict'; readonly name: 'verdict'; readonly record: VerdictRecord; readonly cached: boolean };

type Emit = (event: EvaluationEvent) => void;

/** What is asked, as a flight and its lock are called. */
interface Flown {
  readonly question: ReleaseQuestion;
  readonly policy: PolicyInForce;
  readonly sought: EarlierAnswer;
  readonly key: string;
}

/** Answers again what was decided and has not changed; else evaluates, once for all who ask the same and could know the same. */
export class EvaluateRelease {
  readonly #flights: Flights<EvaluationEvent>;

  constructor(
    private readonly trust: GateTrust,
    private readonly policies: Policies,
    private readonly verdicts: VerdictRepository,
    private readonly evaluations: EvaluationRepository,
    private readonly news: NewsRepository,
    private readonly locks: Locks,
    private readonly conclude: ConcludeEvaluation,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
    private readonly ids: () => string,
  ) {
    this.#flights = new Flights(limits.evaluationsAtOnce, limits.evaluationMs, (count) => facts.running(count));
  }

  /**
   * Progress, then the verdict as the last event.
   * @throws DomainError POLICY_NOT_FOUND, POLICY_EXPIRED, POLICY_REVOKED, SIGNING_KEY_REVOKED, REVOCATIONS_TOO_MANY,
   *   ARTIFACT_NOT_FOUND, INCIDENT_NOT_FOUND, EVIDENCE_UNAVAILABLE, EVALUATION_FAILED, EVALUATIONS_TOO_MANY, CANCELLED,
   *   DEADLINE_EXCEEDED; nothing was issued then
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
    while (yield* this.#fly(question, policy, sought, signal));
  }

  /** Shares an evaluation, or begins one. Says whether it has to be asked once more: one that somebody else began may have missed what had come before this one was asked for. */
  async *#fly(question: ReleaseQuestion, policy: PolicyInForce, sought: EarlierAnswer, signal: AbortSignal): AsyncGenerator<EvaluationEvent, boolean> {
    let isOwn = false;
    const key = await this.#keyOf(question, sought);
    const begin = (emit: Emit, ended: AbortSignal): Promise<void> => {
      isOwn = true;
      return this.locks.hold(`evaluation ${key}`, ended, () => this.#evaluate({ question, policy, sought, key }, emit, ended));
    };
    for await (const event of this.#flights.join(key, begin, signal)) {
      if (event.kind === 'verdict' && !isOwn && (await this.verdicts.missesNews(question.tenant, event.record.id))) return true;
      yield event;
    }
    return false;
  }

  /** Waits for what is under way, so that nothing outlives the database. */
  landed(): Promise<void> {
    return this.#flights.landed();
  }

  #soughtBy(question: ReleaseQuestion, { set }: PolicyInForce): EarlierAnswer {
    const now = this.clock();
    return {
      tenant: question.tenant,
      requestDigest: requestOf(question, set.digest),
      askedSha256: askedDigest(question),
      trustRootSha256: this.trust.current(now).digest,
      issuedAfter: new Date(now.getTime() - limits.verdictValidMs / 2),
    };
  }

  /** The same for all who may share an evaluation: who wants a fresh one shares with nobody, and news make it another one. */
  async #keyOf(question: ReleaseQuestion, { tenant, requestDigest, askedSha256 }: EarlierAnswer): Promise<string> {
    const since = question.fresh ? `fresh ${this.ids()}` : await this.news.mark(tenant, knownSubjects(question));
    return `${tenant} ${sha256Hex(Buffer.from(`${requestDigest} ${askedSha256} ${since}`))}`;
  }

  async #evaluate({ question, policy, sought, key }: Flown, emit: Emit, signal: AbortSignal): Promise<void> {
    // Another process may have been at it while this one waited.
    const earlier = question.fresh ? undefined : await this.verdicts.answerTo(sought);
    if (earlier) return emit(verdictEvent(earlier, true));
    const startMs = performance.now();
    const { id: evaluationId, began } = await this.evaluations.begin(question.tenant, sha256Hex(Buffer.from(key)), this.ids());
    const report = (progress: Progress): void => emit({ kind: 'progress', name: progress.stage, progress, elapsedMs: Math.round(performance.now() - startMs) });
    try {
      const { record, isAnothers } = await this.conclude.execute({ question, evaluationId, began, report, signal }, policy);
      this.facts.ended(isAnothers ? 'overtaken' : 'verdict', (performance.now() - startMs) / 1000);
      emit(verdictEvent(record, isAnothers));
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
