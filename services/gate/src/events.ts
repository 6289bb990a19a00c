import { EvidenceReinstated, EvidenceWithdrawn, KeyRevoked, PolicyRevoked, VerdictIssued } from '@stella/contracts/stella/gate/v1alpha/events';
import { Outcome, WithdrawalReason as Reason } from '@stella/contracts/stella/gate/v1alpha/gate';
import { sha256Hex } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Source, WithdrawalReason } from '@stella/verdict';
import type { Disturbance, EvidenceKind, GateFacts } from './application/ports.js';
import { causeOf } from './domain/collected.js';
import type { Stage } from './domain/progress.js';
import type { TakenBack } from './domain/succession.js';
import type { RevocationWord, VerdictRecord } from './domain/verdict-record.js';
import type { WithdrawalRecord } from './domain/withdrawal-record.js';
import { limits } from './limits.js';

export const TOPICS = {
  verdictIssued: 'stella.gate.verdict-issued.v1alpha',
  evidenceWithdrawn: 'stella.gate.evidence-withdrawn.v1alpha',
  evidenceReinstated: 'stella.gate.evidence-reinstated.v1alpha',
  keyRevoked: 'stella.gate.key-revoked.v1alpha',
  policyRevoked: 'stella.gate.policy-revoked.v1alpha',
} as const;

export const OUTCOMES = { ALLOW: Outcome.OUTCOME_ALLOW, REVIEW: Outcome.OUTCOME_REVIEW, DENY: Outcome.OUTCOME_DENY } as const;

export const REASONS: Readonly<Record<WithdrawalReason, Reason>> = {
  unspecified: Reason.WITHDRAWAL_REASON_UNSPECIFIED,
  defective: Reason.WITHDRAWAL_REASON_DEFECTIVE,
  vulnerable: Reason.WITHDRAWAL_REASON_VULNERABLE,
  compromised: Reason.WITHDRAWAL_REASON_COMPROMISED,
  lost: Reason.WITHDRAWAL_REASON_LOST,
  retired: Reason.WITHDRAWAL_REASON_RETIRED,
  legal: Reason.WITHDRAWAL_REASON_LEGAL,
  mistaken: Reason.WITHDRAWAL_REASON_MISTAKEN,
  resolved: Reason.WITHDRAWAL_REASON_RESOLVED,
};

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
  readonly #withdrawals;
  readonly #takenBack;
  readonly #begunAgain;
  readonly #listFill;
  readonly #running;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#verdicts = metrics.counter('gate_verdicts_total', 'Verdicts issued, by outcome and policy.', ['outcome', 'policy']);
    this.#rules = metrics.counter('gate_unmet_rules_total', 'Requirements that verdicts did not meet, by rule.', ['rule']);
    this.#stageSeconds = metrics.histogram('gate_stage_seconds', 'Time of the stages of an evaluation.', ['stage']);
    this.#seconds = metrics.histogram('gate_time_to_verify_seconds', 'From the request to its end: cached, verdict, overtaken, cancelled or failed.', ['end']);
    this.#evidence = metrics.counter('gate_evidence_total', 'Pieces of evidence, by kind and whether they were at hand.', ['kind', 'source']);
    this.#unanswered = metrics.counter('gate_unanswered_total', 'Evidence that could not be had, by who was asked and why.', ['source', 'reason']);
    this.#unexplained = metrics.histogram('gate_unexplained_changes', 'Changes that no claim covers, of each verdict.', [], [0, 1, 5, 10, 50, 100, 1_000, 10_000]);
    this.#explainedRatio = metrics.histogram('gate_explained_changes_ratio', 'Share of the changed functions that claims cover, of each verdict with changes.', [], [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]);
    this.#claims = metrics.counter('gate_claims_total', 'Claims of releases, by kind and what the evidence says of them.', ['kind', 'state']);
    this.#withdrawals = metrics.counter('gate_withdrawals_total', 'What people took back or reinstated, by kind and standing.', ['kind', 'standing']);
    this.#takenBack = metrics.counter('gate_verdicts_taken_back_total', 'Verdicts that verifiers refuse from then on, by why.', ['reason']);
    this.#begunAgain = metrics.counter('gate_evaluations_begun_again_total', 'Evaluations that began again, by what had come meanwhile.', ['reason']);
    this.#listFill = metrics.gauge('gate_revocation_list_fill_ratio', 'How full revocation lists are, of those tenants whose list is nearly full.', ['tenant']);
    this.#running = metrics.gauge('gate_evaluations_running', 'Evaluations under way in this process.');
  }

  async issued(tx: Tx, { tenant, id, verdict, envelope }: VerdictRecord, takesBack: TakenBack): Promise<void> {
    const { outcome, policy, candidate, unmetRules, unexplainedCount, supersedes, claims, unanswered } = verdict;
    const payload = VerdictIssued.encode({
      verdict: `verdicts/${id}`,
      outcome: OUTCOMES[outcome],
      candidateSha256: candidate.sha256,
      statementSha256: sha256Hex(envelope),
      supersedes: supersedes && `verdicts/${supersedes}`,
      refutesCandidate: takesBack === 'candidate',
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

  async withdrawn(tx: Tx, record: WithdrawalRecord, verdicts: number): Promise<void> {
    const { tenant, kind, id, by } = record.withdrawal;
    await this.events.append(tx, { ...withdrawnDraft(record, verdicts), tenant, key: id });
    tx.afterCommit(() => {
      this.#withdrawals.inc({ kind, standing: 'withdrawn' });
      this.logger.warn({ tenant, kind, id, by, reason: record.withdrawal.reason, verdicts }, 'withdrawn');
    });
  }

  async reinstated(tx: Tx, { withdrawal, envelopeSha256 }: WithdrawalRecord): Promise<void> {
    const { tenant, kind, id, by, reason } = withdrawal;
    const payload = EvidenceReinstated.encode({ candidateSha256: id, word: REASONS[reason], statementSha256: envelopeSha256 }).finish();
    await this.events.append(tx, { topic: TOPICS.evidenceReinstated, tenant, key: id, payload });
    tx.afterCommit(() => {
      this.#withdrawals.inc({ kind, standing: 'reinstated' });
      this.logger.warn({ tenant, kind, id, by, reason }, 'reinstated');
    });
  }

  async denialTakenBack(tx: Tx, { tenant, id, verdict }: VerdictRecord, note: string, word: WithdrawalReason): Promise<void> {
    const payload = EvidenceWithdrawn.encode({ verdict: `verdicts/${id}`, reason: note, candidateSha256: verdict.candidate.sha256, word: REASONS[word], statementSha256: '' }).finish();
    await this.events.append(tx, { topic: TOPICS.evidenceWithdrawn, tenant, key: verdict.candidate.sha256, payload });
    this.takenBack(tx, 'withdrawn', 1);
  }

  takenBack(tx: Tx, reason: RevocationWord, verdicts: number): void {
    tx.afterCommit(() => this.#takenBack.inc({ reason }, verdicts));
  }

  stage(stage: Stage, seconds: number): void {
    this.#stageSeconds.observe({ stage }, seconds);
  }

  ended(end: 'verdict' | 'overtaken' | 'cancelled' | 'failed', seconds: number): void {
    this.#seconds.observe({ end }, seconds);
  }

  begunAgain(reason: Disturbance): void {
    this.#begunAgain.inc({ reason });
  }

  listed(tenant: string, entries: number): void {
    const entriesMax = limits.revocationsListedMax;
    if (entries < entriesMax * limits.revocationsNearlyFull) return this.#listFill.remove({ tenant });
    this.#listFill.set({ tenant }, entries / entriesMax);
    this.logger.warn({ tenant, entries, entriesMax }, 'the revocation list of a tenant is nearly full');
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

function withdrawnDraft({ withdrawal, note, envelopeSha256: statementSha256 }: WithdrawalRecord, verdictCount: number): { readonly topic: string; readonly payload: Uint8Array } {
  const { kind, id, reason, verdict } = withdrawal;
  const word = REASONS[reason];
  switch (kind) {
    case 'candidate':
      return { topic: TOPICS.evidenceWithdrawn, payload: EvidenceWithdrawn.encode({ verdict: verdict && `verdicts/${verdict}`, reason: note, candidateSha256: id, word, statementSha256 }).finish() };
    case 'key':
      return { topic: TOPICS.keyRevoked, payload: KeyRevoked.encode({ fingerprint: id, word, statementSha256, verdictCount }).finish() };
    case 'policy':
      return { topic: TOPICS.policyRevoked, payload: PolicyRevoked.encode({ policySha256: id, word, statementSha256, verdictCount }).finish() };
  }
}

/** Undefined where nothing changed, or it is not known what. */
function explainedRatio({ facts }: VerdictRecord['verdict']): number | undefined {
  const [changed, unexplained] = [facts.changed_functions.value, facts.unexplained_functions.value];
  if (changed === 'unknown' || unexplained === 'unknown' || changed === 0) return undefined;
  return Math.max(0, 1 - unexplained / changed);
}
