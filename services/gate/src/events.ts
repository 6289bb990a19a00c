import { EvidenceWithdrawn, VerdictIssued } from '@stella/contracts/stella/gate/v1alpha/events';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { sha256Hex } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Source } from '@stella/verdict';
import type { EvidenceKind, GateFacts } from './application/ports.js';
import { causeOf } from './domain/collected.js';
import type { Stage } from './domain/progress.js';
import type { VerdictRecord } from './domain/verdict-record.js';

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
  readonly #seconds;
  readonly #evidence;
  readonly #unanswered;
  readonly #unexplained;
  readonly #explainedRatio;
  readonly #claims;
  readonly #withdrawn;
  readonly #running;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#verdicts = metrics.counter('gate_verdicts_total', 'Verdicts issued, by outcome and policy.', ['outcome', 'policy']);
    this.#rules = metrics.counter('gate_unmet_rules_total', 'Requirements that verdicts did not meet, by rule.', ['rule']);
    this.#stageSeconds = metrics.histogram('gate_stage_seconds', 'Time of the stages of an evaluation.', ['stage']);
    this.#seconds = metrics.histogram('gate_time_to_verify_seconds', 'From the request to its end: cached, verdict, cancelled or failed.', ['end']);
    this.#evidence = metrics.counter('gate_evidence_total', 'Pieces of evidence, by kind and whether they were at hand.', ['kind', 'source']);
    this.#unanswered = metrics.counter('gate_unanswered_total', 'Evidence that could not be had, by who was asked and why.', ['source', 'reason']);
    this.#unexplained = metrics.histogram('gate_unexplained_changes', 'Changes that no claim covers, of each verdict.', [], [0, 1, 5, 10, 50, 100, 1_000, 10_000]);
    this.#explainedRatio = metrics.histogram('gate_explained_changes_ratio', 'Share of the changed functions that claims cover, of each verdict with changes.', [], [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]);
    this.#claims = metrics.counter('gate_claims_total', 'Claims of releases, by kind and what the evidence says of them.', ['kind', 'state']);
    this.#withdrawn = metrics.counter('gate_verdicts_withdrawn_total', 'Verdicts that were taken back.');
    this.#running = metrics.gauge('gate_evaluations_running', 'Evaluations under way in this process.');
  }

  async issued(tx: Tx, { tenant, id, verdict, envelope }: VerdictRecord): Promise<void> {
    const { outcome, policy, candidate, unmetRules, unexplainedCount, supersedes, claims, unanswered } = verdict;
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
      for (const { claim, state } of claims) this.#claims.inc({ kind: claim.kind, state });
      this.#unexplained.observe(unexplainedCount);
      const ratio = explainedRatio(verdict);
      if (ratio !== undefined) this.#explainedRatio.observe(ratio);
      this.logger.info({ tenant, verdict: id, outcome, candidate: candidate.sha256, policy: policy.id, unmet: unmetRules.map((rule) => rule.id), unanswered }, 'verdict issued');
    });
  }

  async withdrawn(tx: Tx, { tenant, id }: VerdictRecord, reason: string): Promise<void> {
    const payload = EvidenceWithdrawn.encode({ verdict: `verdicts/${id}`, reason }).finish();
    await this.events.append(tx, { topic: TOPICS.evidenceWithdrawn, tenant, key: `verdicts/${id}`, payload });
    tx.afterCommit(() => {
      this.#withdrawn.inc();
      this.logger.warn({ tenant, verdict: id, reason }, 'verdict withdrawn');
    });
  }

  stage(stage: Stage, seconds: number): void {
    this.#stageSeconds.observe({ stage }, seconds);
  }

  ended(end: 'verdict' | 'cancelled' | 'failed', seconds: number): void {
    this.#seconds.observe({ end }, seconds);
  }

  answeredFromCache(seconds: number): void {
    this.#seconds.observe({ end: 'cached' }, seconds);
  }

  evidence(kind: EvidenceKind, source: 'reused' | 'computed', count: number): void {
    this.#evidence.inc({ kind, source }, count);
  }

  unanswered(source: Source, error: unknown): void {
    const reason = causeOf(error);
    this.#unanswered.inc({ source, reason });
    this.logger.warn({ source, reason, err: error }, 'evidence could not be had');
  }

  running(evaluations: number): void {
    this.#running.set(evaluations);
  }
}

/** Undefined where nothing changed, or it is not known what. */
function explainedRatio({ facts }: VerdictRecord['verdict']): number | undefined {
  const [changed, unexplained] = [facts.changed_functions.value, facts.unexplained_functions.value];
  if (changed === 'unknown' || unexplained === 'unknown' || changed === 0) return undefined;
  return Math.max(0, 1 - unexplained / changed);
}
