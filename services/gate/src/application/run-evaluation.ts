import { findRevocation, parseEnvelope, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { presetsAsStrictAs } from '@stella/policy';
import { type BaselineBasis, checkEvidence, type Trust } from '@stella/verdict';
import { newsSubjects } from '../domain/news.js';
import type { Stage } from '../domain/progress.js';
import { askedDigest, questionIdOf } from '../domain/release.js';
import type { VerdictPlace } from '../domain/verdict-record.js';
import type { Asking } from './asking.js';
import { type AskPartners, partnersNeeded } from './ask-partners.js';
import type { CollectDelta } from './collect-delta.js';
import type { CollectWitnesses } from './collect-witnesses.js';
import type { GateTrust } from './gate-trust.js';
import type { Findings, IssueAndKeep } from './issue-and-keep.js';
import type { Kept } from './keep-verdict.js';
import { type LogEvidence, logStateOf } from './log-evidence.js';
import type { PolicyInForce } from './policies.js';
import type { DeltaEvidence, GateFacts, WitnessRef } from './ports.js';
import type { EvaluationRepository, VerdictRepository, WithdrawalRepository, WitnessMemory } from './repositories.js';
import type { Revocations } from './revocations.js';

interface Baseline {
  readonly basis: BaselineBasis;
  readonly envelopes: readonly Uint8Array[];
  /** Id of the ALLOW by which it is known; empty: by something else. */
  readonly verdict: string;
}

export interface Ran {
  readonly kept: Kept;
  /** Digests of all envelopes that were looked at. */
  readonly considered: readonly string[];
}

/**
 * The steps of one evaluation, up to what its verdict rests on. Each asks others for what they keep themselves; nothing of it
 * can be seen here before the verdict is kept, so that whatever ends it leaves nothing, and the next run gets from them what
 * was done.
 */
export class RunEvaluation {
  constructor(
    private readonly trust: GateTrust,
    private readonly collectDelta: CollectDelta,
    private readonly collectWitnesses: CollectWitnesses,
    private readonly logEvidence: LogEvidence,
    private readonly partners: AskPartners,
    private readonly revocations: Revocations,
    private readonly verdicts: VerdictRepository,
    private readonly withdrawals: WithdrawalRepository,
    private readonly memory: WitnessMemory,
    private readonly issue: IssueAndKeep,
    private readonly evaluations: EvaluationRepository,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError POLICY_REVOKED, SIGNING_KEY_REVOKED, REVOCATIONS_TOO_MANY, ARTIFACT_NOT_FOUND, INCIDENT_NOT_FOUND, EVIDENCE_UNAVAILABLE, EVALUATION_FAILED */
  async execute(asking: Asking, policy: PolicyInForce): Promise<Ran> {
    const findings = await this.#find(asking, policy);
    const { document } = policy.set;
    asking.report({ stage: 'decide', message: `by the policy ${document.id}, version ${document.version}`, done: 0, total: 1, cached: false });
    const kept = await this.#timed(asking.evaluationId, 'decide', () => this.issue.execute(asking, findings));
    return { kept, considered: findings.scope.considered };
  }

  async #find(asking: Asking, policy: PolicyInForce): Promise<Findings> {
    const startTime = this.clock();
    const { question, evaluationId } = asking;
    const { tenant, candidate, baseline } = question;
    const revocations = await this.revocations.current(tenant);
    const trust: Trust = { root: this.trust.current(startTime), revocations: revocations.list };
    this.trust.requireOwnKeys(trust.revocations);
    requireNotRevoked(policy, trust);
    const withdrawals = await this.withdrawals.standing(tenant, candidate.sha256);
    const remembered = { refuting: await this.memory.refuting(tenant, candidate.sha256), inherited: await this.memory.inherited(tenant, baseline.sha256) };
    const [delta, found] = await Promise.all([
      this.#timed(evaluationId, 'delta', () => this.collectDelta.execute(asking)),
      this.#timed(evaluationId, 'replay', () => this.collectWitnesses.execute(asking, policy.set.document.limits.replays_min, remembered)),
    ]);
    asking.unanswered.requireSomething();
    const known = await this.#baseline(asking, policy, found.witnesses, trust);
    const own = distinct([...withdrawals.map(({ envelope }) => envelope), ...envelopesOf(delta), ...found.envelopes, ...known.envelopes]);
    const ownItems = await this.#timed(evaluationId, 'log', () => this.logEvidence.execute(asking, own));
    const checks = delta && (await this.#timed(evaluationId, 'cross-verify', () => this.partners.execute(asking, delta.proof, partnersNeeded(policy.set), trust, this.trust.organisation, startTime)));
    const foreignItems = checks === undefined || checks.envelopes.length === 0 ? [] : await this.logEvidence.execute(asking, distinct(checks.envelopes));
    const items = [...ownItems, ...foreignItems];
    const deltaPayloadSha256 = delta && sha256Hex(parseEnvelope(delta.proof).payload);
    const witnesses = found.witnesses.map(({ name }) => name);
    return {
      policy,
      items,
      revocations,
      basis: known.basis,
      log: logStateOf(items, this.trust.logOrigin),
      withdrawalSequence: withdrawals.at(-1)?.withdrawal.sequence ?? 0,
      witnessesLeftOut: found.leftOut.length,
      scope: {
        place: placeOf(asking),
        startTime,
        deltaPayloadSha256,
        askedSha256: askedDigest(question),
        subjects: newsSubjects(question, witnesses, deltaPayloadSha256),
        considered: [...new Set([...items.map(({ envelope }) => sha256Hex(envelope)), ...(checks?.seen ?? [])])],
        witnesses: [...witnesses, ...found.leftOut],
        baselineVerdict: known.verdict,
      },
    };
  }

  /**
   * A baseline is known by an ALLOW of its own under a policy as strict; or because it runs, on the word of somebody who may
   * say so; or, where such a person asks, because an incident was recorded on it. What the release's author says of it counts
   * for nothing.
   */
  async #baseline({ question }: Asking, { set }: PolicyInForce, witnesses: readonly WitnessRef[], trust: Trust): Promise<Baseline> {
    const { tenant, baseline, baselineWord } = question;
    const now = this.clock();
    const allowed = await this.verdicts.allowOf(tenant, baseline.sha256, { ids: presetsAsStrictAs(set.document.id), sha256: set.digest }, now);
    if (allowed && checkEvidence({ envelope: allowed.envelope }, trust, now).ok) return { basis: 'verdict', envelopes: [allowed.envelope], verdict: allowed.id };
    if (baselineWord === 'runs') return { basis: 'runs', envelopes: [], verdict: '' };
    const isSeed = baselineWord === 'authorised' && witnesses.some(({ artifactSha256 }) => artifactSha256 === baseline.sha256);
    return { basis: isSeed ? 'seed' : 'unknown', envelopes: [], verdict: '' };
  }

  async #timed<T>(evaluationId: string, stage: Stage, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    await this.evaluations.reached(evaluationId, stage);
    const result = await work();
    this.facts.stage(stage, (performance.now() - startMs) / 1000);
    return result;
  }
}

/** @throws DomainError POLICY_REVOKED */
function requireNotRevoked({ set }: PolicyInForce, { revocations }: Trust): void {
  const found = findRevocation(revocations, 'policy', set.digest);
  if (found) throw new DomainError('POLICY_REVOKED', { policy: set.document.id, version: String(set.document.version), sha256: set.digest, reason: found.reason, at: found.at.toISOString() });
}

function placeOf({ question, began }: Asking): VerdictPlace {
  const { tenant, candidate, baseline, policyId } = question;
  return { tenant, candidateSha256: candidate.sha256, baselineSha256: baseline.sha256, policyId, question: questionIdOf(question), began };
}

function envelopesOf(delta: DeltaEvidence | undefined): readonly Uint8Array[] {
  return delta === undefined ? [] : [delta.baselineIndex, delta.candidateIndex, delta.proof, delta.scope];
}

function distinct(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(envelopes.map((envelope) => [sha256Hex(envelope), envelope])).values()];
}
