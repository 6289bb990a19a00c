import { EvidenceWithdrawn, VerdictIssued } from '@stella/contracts/stella/gate/v1alpha/events';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { GateFacts } from './application/ports.js';
import type { VerdictRecord } from './domain/release.js';

export const TOPICS = {
  verdictIssued: 'stella.gate.verdict-issued.v1alpha',
  evidenceWithdrawn: 'stella.gate.evidence-withdrawn.v1alpha',
} as const;

export const OUTCOMES = { ALLOW: Outcome.OUTCOME_ALLOW, REVIEW: Outcome.OUTCOME_REVIEW, DENY: Outcome.OUTCOME_DENY } as const;

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class GateEvents implements GateFacts {
  readonly #verdicts;
  readonly #rules;
  readonly #stageSeconds;
  readonly #evidence;
  readonly #cached;
  readonly #missing;
  readonly #explained;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#verdicts = metrics.counter('gate_verdicts_total', 'Verdicts issued, by outcome and policy.', ['outcome', 'policy']);
    this.#rules = metrics.counter('gate_unmet_rules_total', 'Requirements that verdicts did not meet, by rule.', ['rule']);
    this.#stageSeconds = metrics.histogram('gate_time_to_verify_seconds', 'Time of an evaluation, by stage; total is the whole.', ['stage']);
    this.#evidence = metrics.counter('gate_evidence_total', 'Pieces of evidence, by whether they were at hand.', ['source']);
    this.#cached = metrics.counter('gate_answers_from_cache_total', 'Requests that an earlier verdict answered.');
    this.#missing = metrics.counter('gate_evidence_missing_total', 'What could not be collected, by part and reason.', ['part', 'reason']);
    this.#explained = metrics.histogram('gate_unexplained_changes', 'Changes that no claim covers, of each verdict.', [], [0, 1, 5, 10, 50, 100, 1000, 10000]);
  }

  async issued(tx: Tx, { tenant, id, verdict, envelope }: VerdictRecord): Promise<void> {
    const { outcome, policy, candidate, unmetRules, unexplainedCount, supersedes } = verdict;
    const payload = VerdictIssued.encode({
      verdict: `verdicts/${id}`,
      outcome: OUTCOMES[outcome],
      candidateSha256: candidate.sha256,
      statementSha256: sha256Hex(envelope),
      supersedes: supersedes && `verdicts/${supersedes}`,
    }).finish();
    await this.events.append(tx, { topic: TOPICS.verdictIssued, tenant, key: candidate.sha256, payload });
    tx.afterCommit(() => {
      this.#verdicts.inc({ outcome, policy: policy.id });
      for (const { id: rule } of unmetRules) this.#rules.inc({ rule });
      this.#explained.observe(unexplainedCount);
      this.logger.info({ tenant, verdict: id, outcome, candidate: candidate.sha256, unmet: unmetRules.map((rule) => rule.id) }, 'verdict issued');
    });
  }

  async withdrawn(tx: Tx, { tenant, id }: VerdictRecord, reason: string): Promise<void> {
    const payload = EvidenceWithdrawn.encode({ verdict: `verdicts/${id}`, reason }).finish();
    await this.events.append(tx, { topic: TOPICS.evidenceWithdrawn, tenant, key: `verdicts/${id}`, payload });
    tx.afterCommit(() => this.logger.warn({ tenant, verdict: id, reason }, 'verdict withdrawn'));
  }

  stage(stage: string, seconds: number): void {
    this.#stageSeconds.observe({ stage }, seconds);
  }

  evidence(source: 'reused' | 'computed', count: number): void {
    this.#evidence.inc({ source }, count);
  }

  answeredFromCache(): void {
    this.#cached.inc();
  }

  couldNotCollect(part: string, error: unknown): void {
    const reason = isDomainError(error) ? error.reason : 'INTERNAL';
    this.#missing.inc({ part, reason });
    this.logger.warn({ part, err: error }, 'evidence could not be collected');
  }
}
