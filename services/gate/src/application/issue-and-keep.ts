import { sha256Hex, type Signer } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import { type EvidenceItem, issueVerdict, type IssuedVerdict, type BaselineBasis } from '@stella/verdict';
import { newsSubjects } from '../domain/news.js';
import { askedDigest } from '../domain/release.js';
import { isWhole, type VerdictRecord, type VerdictScope } from '../domain/verdict-record.js';
import type { Asking } from './asking.js';
import type { GateTrust } from './gate-trust.js';
import type { LogState } from './log-evidence.js';
import type { PolicyInForce } from './policies.js';
import type { EvaluationRepository, GateFacts, Locks, Transactions, VerdictRepository } from './ports.js';
import type { CurrentRevocations } from './revocations.js';

/** All that an evaluation found. */
export interface Findings {
  readonly policy: PolicyInForce;
  readonly basis: BaselineBasis;
  readonly items: readonly EvidenceItem[];
  readonly log: LogState;
  readonly revocations: CurrentRevocations;
  readonly witnesses: readonly string[];
  readonly deltaPayloadSha256: string | undefined;
  /** Looked at and left out. */
  readonly alsoSeen: readonly string[];
  readonly startTime: Date;
}

/** Writes the verdict and keeps it: blobs first, then everything that can be seen, in one transaction. */
export class IssueAndKeep {
  constructor(
    private readonly trust: GateTrust,
    private readonly signer: Signer,
    private readonly verdicts: VerdictRepository,
    private readonly evaluations: EvaluationRepository,
    private readonly locks: Locks,
    private readonly transactions: Transactions,
    private readonly blobs: BlobStore,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError BUNDLE_TOO_LARGE, BLOB_STORE_FULL, VERDICT_INVALID; nothing can be seen then */
  execute(asking: Asking, findings: Findings): Promise<VerdictRecord> {
    const { tenant, candidate } = asking.question;
    const policyId = findings.policy.set.document.id;
    // What a verdict takes the place of stands in it, and is therefore settled before it is signed.
    return this.locks.hold(`issue ${tenant} ${candidate.sha256} ${policyId}`, asking.signal, async () => {
      const [before] = await this.verdicts.inForce(tenant, candidate.sha256, policyId);
      const isWholeAnswer = asking.unanswered.sources.length === 0;
      const issued = await this.#issue(asking, findings, isWholeAnswer ? (before ?? '') : '');
      const record = await this.#store(asking, findings, issued);
      await this.#keep(asking, record, scopeOf(asking, findings), policyId);
      return record;
    });
  }

  #issue({ question, unanswered }: Asking, findings: Findings, supersedes: string): Promise<IssuedVerdict> {
    const { baseline, candidate, claims, tenant } = question;
    const decidedAt = this.clock();
    const root = this.trust.current(decidedAt);
    return issueVerdict(
      {
        question: {
          tenant,
          claims,
          decidedAt,
          verifierId: this.trust.verifierId,
          organisation: this.trust.organisation,
          baselineSha256: baseline.sha256,
          candidateSha256: candidate.sha256,
          baselineBasis: findings.basis,
          unanswered: unanswered.sources,
          requesterKeys: [],
          policy: findings.policy.set,
          evidence: findings.items,
          waivers: [],
          refusedBefore: [],
          log: findings.log,
          trust: { root, revocations: findings.revocations.list },
        },
        baselineLabel: baseline.label,
        candidateLabel: candidate.label,
        resourceUri: candidate.resourceUri,
        policyEnvelope: findings.policy.stored.envelope,
        trustCopies: { trustRoot: this.trust.envelope, revocationList: findings.revocations.envelope },
        supersedes,
      },
      this.signer,
    );
  }

  async #store({ question }: Asking, { startTime }: Findings, { id, verdict, envelope, vsa, bundle }: IssuedVerdict): Promise<VerdictRecord> {
    const [stored] = await Promise.all([this.blobs.put(bundle), this.blobs.put(envelope), ...(vsa ? [this.blobs.put(vsa)] : [])]);
    return {
      id,
      tenant: question.tenant,
      verdict,
      envelope,
      vsa,
      bundleSha256: stored.sha256,
      bundleSizeBytes: stored.sizeBytes,
      evaluationMs: Math.max(0, this.clock().getTime() - startTime.getTime()),
      issuedAt: new Date(verdict.decidedAt),
      revokedAt: undefined,
    };
  }

  /** A verdict that nobody was silent about takes the place of all others about the candidate under this policy. */
  #keep({ evaluationId, signal }: Asking, record: VerdictRecord, scope: VerdictScope, policyId: string): Promise<void> {
    const { tenant, verdict } = record;
    return this.transactions.tx(async (tx) => {
      if (signal.aborted) throw signal.reason;
      const inForce = isWhole(verdict) ? await this.verdicts.inForce(tenant, verdict.candidate.sha256, policyId, tx) : [];
      await this.verdicts.add(tx, record, scope);
      for (const id of inForce) await this.verdicts.revoke(tx, tenant, id, { word: 'superseded', note: `by verdicts/${record.id}` }, record.issuedAt);
      await this.evaluations.done(tx, evaluationId, record.id);
      await this.facts.issued(tx, record);
    });
  }
}

function scopeOf({ question }: Asking, { witnesses, deltaPayloadSha256, items, alsoSeen, startTime }: Findings): VerdictScope {
  return {
    askedSha256: askedDigest(question),
    startTime,
    subjects: newsSubjects(question, witnesses, deltaPayloadSha256),
    considered: [...new Set([...items.map(({ envelope }) => sha256Hex(envelope)), ...alsoSeen])],
  };
}
