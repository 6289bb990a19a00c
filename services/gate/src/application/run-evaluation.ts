import { parseEnvelope, sha256Hex } from '@stella/attestation';
import { type BaselineBasis, checkEvidence, type Trust } from '@stella/verdict';
import type { Stage } from '../domain/progress.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import type { Asking } from './asking.js';
import { type AskPartners, partnersNeeded } from './ask-partners.js';
import type { CollectDelta } from './collect-delta.js';
import type { CollectWitnesses } from './collect-witnesses.js';
import type { GateTrust } from './gate-trust.js';
import type { IssueAndKeep } from './issue-and-keep.js';
import { type LogEvidence, logStateOf } from './log-evidence.js';
import type { PolicyInForce } from './policies.js';
import type { DeltaEvidence, EvaluationRepository, GateFacts, VerdictRepository, WitnessRef } from './ports.js';
import type { Revocations } from './revocations.js';

interface Baseline {
  readonly basis: BaselineBasis;
  readonly envelopes: readonly Uint8Array[];
}

/**
 * The steps of one evaluation. Each asks others for what they keep themselves; nothing of it can be seen here before the
 * last one, so that whatever ends it leaves nothing, and the next run gets from them what was done.
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
    private readonly issue: IssueAndKeep,
    private readonly evaluations: EvaluationRepository,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  async execute(asking: Asking, policy: PolicyInForce): Promise<VerdictRecord> {
    const startTime = this.clock();
    const { question, evaluationId } = asking;
    const [delta, found] = await Promise.all([
      this.#timed(evaluationId, 'delta', () => this.collectDelta.execute(asking)),
      this.#timed(evaluationId, 'replay', () => this.collectWitnesses.execute(asking, policy.set.document.limits.replays_min)),
    ]);
    asking.unanswered.requireSomething();
    const revocations = await this.revocations.current();
    const trust: Trust = { root: this.trust.current(startTime), revocations: revocations.list };
    const baseline = await this.#baseline(asking, found.witnesses, trust);
    const own = distinct([...envelopesOf(delta), ...found.envelopes, ...baseline.envelopes]);
    const ownItems = await this.#timed(evaluationId, 'log', () => this.logEvidence.execute(asking, own));
    const checks = delta && (await this.#timed(evaluationId, 'cross-verify', () => this.partners.execute(asking, delta.proof, partnersNeeded(policy.set), trust, this.trust.organisation, startTime)));
    const foreignItems = checks === undefined || checks.envelopes.length === 0 ? [] : await this.logEvidence.execute(asking, distinct(checks.envelopes));
    const items = [...ownItems, ...foreignItems];
    const { document } = policy.set;
    asking.report({ stage: 'decide', message: `by the policy ${document.id}, version ${document.version}`, done: 0, total: 1, cached: false });
    const record = await this.#timed(evaluationId, 'decide', () =>
      this.issue.execute(asking, {
        policy,
        basis: baseline.basis,
        items,
        log: logStateOf(items, this.trust.logOrigin),
        revocations,
        witnesses: found.witnesses.map(({ name }) => name),
        deltaPayloadSha256: delta && sha256Hex(parseEnvelope(delta.proof).payload),
        alsoSeen: checks?.seen ?? [],
        startTime,
      }),
    );
    asking.report({ stage: 'sign', message: `${record.verdict.outcome} for ${question.candidate.label}`, done: 1, total: 1, cached: false });
    return record;
  }

  /**
   * A baseline is known by an ALLOW of its own; or because it runs, on the word of somebody who may say so; or, where such
   * a person asks, because an incident was recorded on it. What the release's author says of it counts for nothing.
   */
  async #baseline({ question }: Asking, witnesses: readonly WitnessRef[], trust: Trust): Promise<Baseline> {
    const { tenant, baseline, baselineWord } = question;
    const allowed = await this.verdicts.allowOf(tenant, baseline.sha256);
    if (allowed && checkEvidence({ envelope: allowed.envelope }, trust, this.clock()).ok) return { basis: 'verdict', envelopes: [allowed.envelope] };
    if (baselineWord === 'runs') return { basis: 'runs', envelopes: [] };
    const isSeed = baselineWord === 'authorised' && witnesses.some(({ artifactSha256 }) => artifactSha256 === baseline.sha256);
    return { basis: isSeed ? 'seed' : 'unknown', envelopes: [] };
  }

  async #timed<T>(evaluationId: string, stage: Stage, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    await this.evaluations.reached(evaluationId, stage);
    const result = await work();
    this.facts.stage(stage, (performance.now() - startMs) / 1000);
    return result;
  }
}

function envelopesOf(delta: DeltaEvidence | undefined): readonly Uint8Array[] {
  return delta === undefined ? [] : [delta.baselineIndex, delta.candidateIndex, delta.proof, delta.scope];
}

function distinct(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(envelopes.map((envelope) => [sha256Hex(envelope), envelope])).values()];
}
