import { type Signer, sha256Hex, type TrustRoot } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database } from '@stella/platform-database';
import { issueVerdict, type IssuedVerdict, requestId, type Trust } from '@stella/verdict';
import type { BaselineBasis, Progress, ReleaseQuestion, Report, Source, VerdictRecord } from '../domain/release.js';
import { limits } from '../limits.js';
import { type CollectEvidence, digestOfWitnesses } from './collect-evidence.js';
import { Flights } from './flights.js';
import type { LogEvidence } from './log-evidence.js';
import type { Policies, PolicyInForce } from './policies.js';
import type { GateFacts, VerdictRepository, WitnessRef } from './ports.js';
import type { Revocations } from './revocations.js';

export type EvaluationEvent =
  | { readonly kind: 'progress'; readonly progress: Progress; readonly elapsedMs: number }
  | { readonly kind: 'verdict'; readonly record: VerdictRecord; readonly cached: boolean };

/** The rule for which it is worth waiting. */
const PARTNERS_RULE = 'cross-verified';

/** What the gate is, as far as an evaluation needs to know. */
export interface GateIdentity {
  readonly verdictSigner: Signer;
  readonly verifierId: string;
  readonly organisation: string;
  readonly root: TrustRoot;
  readonly trustRoot: Uint8Array;
  readonly crossVerifyWaitMs: number;
}

/**
 * Decides about a release. Nothing of it is kept before the last step, which is one transaction: whatever ends it
 * earlier leaves nothing, and the same request begins again from what the others have cached.
 */
export class EvaluateRelease {
  readonly #flights = new Flights<EvaluationEvent>(limits.evaluationsAtOnce, limits.evaluationMs);

  constructor(
    private readonly gate: GateIdentity,
    private readonly policies: Policies,
    private readonly collect: CollectEvidence,
    private readonly log: LogEvidence,
    private readonly revocations: Revocations,
    private readonly verdicts: VerdictRepository,
    private readonly database: Database,
    private readonly blobs: BlobStore,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** Equal requests that overlap are one evaluation. */
  async *execute(question: ReleaseQuestion, signal: AbortSignal): AsyncGenerator<EvaluationEvent> {
    const policy = await this.policies.get(question.policyId);
    const digest = requestDigest(question, policy);
    const key = [question.tenant, digest, question.saidToRun, question.fresh, question.candidate.resourceUri].join(' ');
    yield* this.#flights.join(key, (emit, ended) => this.#evaluate(question, policy, digest, emit, ended), signal);
  }

  async #evaluate(question: ReleaseQuestion, policy: PolicyInForce, digest: string, emit: (event: EvaluationEvent) => void, signal: AbortSignal): Promise<void> {
    const startedMs = this.clock().getTime();
    const elapsedMs = (): number => this.clock().getTime() - startedMs;
    const report: Report = (progress) => emit({ kind: 'progress', progress, elapsedMs: elapsedMs() });
    const witnesses = await this.collect.witnessesFor(question, signal);
    const witnessesSha256 = digestOfWitnesses(witnesses);
    report({ stage: 'witness', message: `${witnesses.length} witnesses are considered`, done: witnesses.length, total: witnesses.length, cached: false });
    const known = question.fresh ? undefined : await this.verdicts.answerTo(question.tenant, digest, witnessesSha256);
    if (known && isSameQuestion(known, question)) {
      this.facts.answeredFromCache();
      return emit({ kind: 'verdict', record: known, cached: true });
    }
    const issued = await this.#decide(question, policy, witnesses, report, signal);
    signal.throwIfAborted();
    const record = await this.#keep(question, { digest, witnessesSha256, evaluationMs: elapsedMs() }, issued);
    this.facts.stage('total', elapsedMs() / 1000);
    emit({ kind: 'verdict', record, cached: false });
  }

  async #decide(question: ReleaseQuestion, policy: PolicyInForce, witnesses: readonly WitnessRef[], report: Report, signal: AbortSignal): Promise<IssuedVerdict> {
    const { tenant, baseline, candidate, claims } = question;
    const { document, digest } = policy.set;
    const silent = new Set<Source>();
    const delta = await this.#timed('delta', () => this.collect.delta(question, report, silent, signal));
    const replays = await this.#timed('replay', () => this.collect.replays(question, witnesses, document.limits, report, silent, signal));
    const basis = await this.#baseline(question, witnesses);
    const revocations = await this.revocations.current();
    const trust: Trust = { root: this.gate.root, revocations: revocations.list };
    const needed = document.rules.some(({ id }) => id === PARTNERS_RULE) ? document.limits.cross_verifications_min : 0;
    const envelopes = distinct([...(delta?.envelopes ?? []), ...replays, ...basis.envelopes]);
    const logged = await this.#timed('log', () => this.log.execute(question, envelopes, { needed, waitMs: this.gate.crossVerifyWaitMs }, trust, report, silent, signal));
    report({ stage: 'decide', message: `policy ${document.id} version ${document.version}`, done: 0, total: 1, cached: false });
    const superseded = await this.verdicts.inForce(tenant, candidate.sha256, document.id);
    const issued = await issueVerdict(
      {
        question: {
          tenant,
          verifierId: this.gate.verifierId,
          organisation: this.gate.organisation,
          baselineSha256: baseline.sha256,
          candidateSha256: candidate.sha256,
          baselineBasis: basis.basis,
          unanswered: [...silent].sort(),
          claims,
          requesterKeys: [],
          policy: policy.set,
          evidence: logged.items,
          waivers: [],
          refusedBefore: [],
          log: logged.log,
          trust,
          decidedAt: this.clock(),
        },
        baselineLabel: baseline.label || baseline.sha256,
        candidateLabel: candidate.label || candidate.sha256,
        resourceUri: candidate.resourceUri || `pkg:generic/artifact?checksum=sha256:${candidate.sha256}`,
        policyEnvelope: policy.stored.envelope,
        trustCopies: { trustRoot: this.gate.trustRoot, revocationList: revocations.envelope },
        supersedes: superseded?.id ?? '',
      },
      this.gate.verdictSigner,
    );
    report({ stage: 'sign', message: `${issued.verdict.outcome} under ${digest.slice(0, 12)}`, done: 1, total: 1, cached: false });
    return issued;
  }

  /** A baseline is known when it runs, on an authorised word; when it was allowed itself; or at least failed as recorded. */
  async #baseline({ tenant, baseline, saidToRun }: ReleaseQuestion, witnesses: readonly WitnessRef[]): Promise<{ readonly basis: BaselineBasis; readonly envelopes: readonly Uint8Array[] }> {
    if (saidToRun) return { basis: 'runs', envelopes: [] };
    const allowed = await this.verdicts.allowOf(tenant, baseline.sha256);
    if (allowed) return { basis: 'verdict', envelopes: [allowed.envelope] };
    return { basis: witnesses.some(({ artifactSha256 }) => artifactSha256 === baseline.sha256) ? 'seed' : 'unknown', envelopes: [] };
  }

  async #keep({ tenant }: ReleaseQuestion, { digest, witnessesSha256, evaluationMs }: { readonly digest: string; readonly witnessesSha256: string; readonly evaluationMs: number }, issued: IssuedVerdict): Promise<VerdictRecord> {
    const bundle = await this.blobs.put(issued.bundle);
    await this.blobs.put(issued.envelope);
    if (issued.vsa) await this.blobs.put(issued.vsa);
    const record: VerdictRecord = {
      id: issued.id,
      tenant,
      requestDigest: digest,
      witnessesSha256,
      verdict: issued.verdict,
      envelope: issued.envelope,
      vsa: issued.vsa ?? new Uint8Array(),
      bundleSha256: bundle.sha256,
      bundleSizeBytes: bundle.sizeBytes,
      evaluationMs,
      issuedAt: new Date(issued.verdict.decidedAt),
      revokedAt: undefined,
      revokedReason: '',
    };
    await this.database.tx(async (tx) => {
      const { supersedes } = issued.verdict;
      if (supersedes !== '') await this.verdicts.revoke(tx, tenant, supersedes, `superseded by ${record.id}`, record.issuedAt);
      await this.verdicts.add(tx, record);
      await this.facts.issued(tx, record);
    });
    return record;
  }

  async #timed<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const startedMs = this.clock().getTime();
    const result = await work();
    this.facts.stage(stage, (this.clock().getTime() - startedMs) / 1000);
    return result;
  }
}

function requestDigest({ tenant, baseline, candidate, claims }: ReleaseQuestion, { set }: PolicyInForce): string {
  return requestId({ tenant, baselineSha256: baseline.sha256, candidateSha256: candidate.sha256, claims, policySha256: set.digest });
}

/** The digest of a request leaves out what changes the verdict's wording or its baseline's standing. */
function isSameQuestion({ verdict }: VerdictRecord, { saidToRun, candidate }: ReleaseQuestion): boolean {
  const isSameBasis = saidToRun ? verdict.baselineBasis === 'runs' : verdict.baselineBasis !== 'runs';
  return isSameBasis && (candidate.resourceUri === '' || verdict.candidate.resourceUri === candidate.resourceUri);
}

function distinct(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(envelopes.map((envelope) => [sha256Hex(envelope), envelope])).values()];
}
