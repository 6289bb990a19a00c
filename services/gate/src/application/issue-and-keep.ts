import type { Signer } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import { type BaselineBasis, type EvidenceItem, issueVerdict, type IssuedVerdict } from '@stella/verdict';
import type { VerdictRecord, VerdictScope } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import type { Asking } from './asking.js';
import type { GateTrust } from './gate-trust.js';
import type { Kept, KeepVerdict } from './keep-verdict.js';
import type { LogState } from './log-evidence.js';
import type { PolicyInForce } from './policies.js';
import type { Locks } from './ports.js';
import type { Before, StandingRepository } from './repositories.js';
import { type CurrentRevocations, decidedAfter } from './revocations.js';

/** All that an evaluation found. */
export interface Findings {
  readonly policy: PolicyInForce;
  readonly basis: BaselineBasis;
  readonly items: readonly EvidenceItem[];
  readonly log: LogState;
  readonly revocations: CurrentRevocations;
  /** How much had been said about the candidate's withdrawal. */
  readonly withdrawalSequence: number;
  readonly witnessesLeftOut: number;
  /** All but what the decision itself shows. */
  readonly scope: Omit<VerdictScope, 'signers' | 'refutations'>;
}

/** Writes the verdict and keeps it: blobs first, then everything that can be seen, in one transaction. */
export class IssueAndKeep {
  constructor(
    private readonly trust: GateTrust,
    private readonly signer: Signer,
    private readonly standing: StandingRepository,
    private readonly keep: KeepVerdict,
    private readonly locks: Locks,
    private readonly blobs: BlobStore,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError BUNDLE_TOO_LARGE, BLOB_STORE_FULL, VERDICT_INVALID; nothing can be seen then */
  execute(asking: Asking, findings: Findings): Promise<Kept> {
    const { place } = findings.scope;
    // What a verdict takes the place of stands in it, and is therefore settled before it is signed.
    return this.locks.hold(`issue ${place.tenant} ${place.candidateSha256}`, asking.signal, async () => {
      const before = await this.standing.before(place);
      if (before.overtakenBy !== undefined) return { kind: 'overtaken', by: before.overtakenBy };
      const issued = await this.#issue(asking, findings, before);
      const record = await this.#store(findings, issued);
      const { signers, refutations } = issued.evaluation;
      const scope = { ...findings.scope, refutations, signers: [...new Set([...signers, ...this.trust.signers])] };
      return this.keep.execute(asking, record, scope, { before, revocations: findings.revocations.signed, withdrawalSequence: findings.withdrawalSequence });
    });
  }

  #issue({ question, unanswered }: Asking, findings: Findings, before: Before): Promise<IssuedVerdict> {
    const { baseline, candidate, claims, tenant, baselineWord } = question;
    const decidedAt = this.#decidedAt(findings, before);
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
          witnessesLeftOut: findings.witnessesLeftOut,
          requesterKeys: [],
          policy: findings.policy.set,
          evidence: findings.items,
          waivers: [],
          refusedBefore: [],
          log: findings.log,
          trust: { root, revocations: findings.revocations.list },
        },
        baselineWord,
        validUntil: new Date(decidedAt.getTime() + limits.verdictValidMs),
        baselineLabel: baseline.label,
        candidateLabel: candidate.label,
        resourceUri: candidate.resourceUri,
        policyEnvelope: findings.policy.stored.envelope,
        trustCopies: { trustRoot: this.trust.envelope, revocationList: findings.revocations.signed.envelope },
        supersedes: unanswered.sources.length === 0 ? before.predecessor : '',
      },
      this.signer,
    );
  }

  /** Later than all that was decided or taken back about the candidate, however clocks of processes differ: lists go by it. */
  #decidedAt({ revocations, scope }: Findings, { lastIssuedAt }: Before): Date {
    const now = new Date(Math.max(this.clock().getTime(), (lastIssuedAt?.getTime() ?? 0) + 1));
    return decidedAfter(revocations.list, scope.place, now);
  }

  async #store({ scope }: Findings, { id, verdict, envelope, vsa, bundle }: IssuedVerdict): Promise<VerdictRecord> {
    const [stored] = await Promise.all([this.blobs.put(bundle), this.blobs.put(envelope), ...(vsa ? [this.blobs.put(vsa)] : [])]);
    return {
      id,
      tenant: scope.place.tenant,
      verdict,
      envelope,
      vsa,
      bundleSha256: stored.sha256,
      bundleSizeBytes: stored.sizeBytes,
      evaluationMs: Math.max(0, this.clock().getTime() - scope.startTime.getTime()),
      issuedAt: new Date(verdict.decidedAt),
      revokedAt: undefined,
      revokedFor: '',
      supersededBy: '',
    };
  }
}
