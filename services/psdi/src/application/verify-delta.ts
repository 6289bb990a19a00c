import { detailOf, type IndexRef } from '@stella/binary-delta';
import type { Artifact } from '../domain/artifact.js';
import { unitsByKind } from '../domain/function-identity.js';
import type { IndexRecord } from '../domain/index-record.js';
import type { EnvelopeFinding } from '../domain/read-proof.js';
import type { LiftArtifact } from './lift-artifact.js';
import type { Comparer, IndexRepository, LiftedSide, ProofReader, PsdiFacts } from './ports.js';

export interface VerifyDeltaQuery {
  readonly tenant: string;
  readonly envelope: Uint8Array;
  readonly mode: 'fast' | 'deep';
}

export interface ProofVerdict {
  /** Empty: the proof holds. */
  readonly refusal: string;
  readonly detail: string;
  /** Whether both roots are of lifts of our own; empty for a refusal. */
  readonly provenance: 'proved' | 'attested' | '';
  readonly durationSeconds: number;
}

type Finding = Omit<ProofVerdict, 'durationSeconds'>;
type OpenEnvelope = Extract<EnvelopeFinding, { readonly ok: true }>;

/** Says whether a delta proof holds. What is wrong with it is an answer; that it could not be checked is an error. */
export class VerifyDelta {
  constructor(
    private readonly lift: LiftArtifact,
    private readonly indexes: IndexRepository,
    private readonly comparer: Comparer,
    private readonly proofs: ProofReader,
    private readonly facts: PsdiFacts,
  ) {}

  /** @throws DomainError for a deep check: ARTIFACT_NOT_FOUND, and what `LiftArtifact` throws */
  async execute(query: VerifyDeltaQuery, signal: AbortSignal): Promise<ProofVerdict> {
    const startedMs = performance.now();
    const { proof, finding } = await this.#examine(query, signal);
    const durationSeconds = (performance.now() - startedMs) / 1_000;
    const pair = proof && { baselineSha256: proof.old.artifactSha256, candidateSha256: proof.new.artifactSha256 };
    this.facts.verified(pair, query.mode, finding.refusal, durationSeconds);
    return { ...finding, durationSeconds };
  }

  async #examine({ tenant, envelope, mode }: VerifyDeltaQuery, signal: AbortSignal): Promise<{ proof?: OpenEnvelope; finding: Finding }> {
    const proof = await this.proofs.open(envelope);
    if (!proof.ok) return { finding: refused(proof.refusal, proof.detail) };
    return { proof, finding: await (mode === 'deep' ? this.#deep(tenant, envelope, proof, signal) : this.#fast(tenant, envelope, proof)) };
  }

  /** By signature, Merkle frame and sums, against our own lifts where there are any. */
  async #fast(tenant: string, envelope: Uint8Array, proof: OpenEnvelope): Promise<Finding> {
    const [old, next] = await Promise.all([proof.old, proof.new].map(({ artifactSha256, lifter }) => this.indexes.find({ tenant, artifactSha256, lifterSha256: lifter.sha256 })));
    const result = await this.proofs.verify(envelope, { old: refOf(old) ?? proof.old, new: refOf(next) ?? proof.new });
    if (!result.ok) return refused(result.refusal, detailOf('the proof does not hold', result.facts));
    const isOwn = old !== undefined && next !== undefined;
    return {
      refusal: '',
      // `proved` is said of the roots; the frame leaves some classes and counts to whoever signed.
      detail: detailOf('the proof holds', { signer: proof.signer, rootsOf: isOwn ? 'our own lifts' : 'the signer', classesDeclared: String(result.classesDeclared) }),
      provenance: isOwn ? 'proved' : 'attested',
    };
  }

  /** By lifting both artifacts again, now: roots, units, classes and every other word of the proof. */
  async #deep(tenant: string, envelope: Uint8Array, proof: OpenEnvelope, signal: AbortSignal): Promise<Finding> {
    const shas = [proof.old.artifactSha256, proof.new.artifactSha256] as const;
    const [oldArtifact, newArtifact] = await Promise.all(shas.map((sha256) => this.lift.liftable(tenant, sha256)));
    if (!oldArtifact || !newArtifact) throw new Error('two artifacts were asked for');
    if (proof.old.lifter.sha256 !== this.lift.lifterSha256 || proof.new.lifter.sha256 !== this.lift.lifterSha256) {
      return refused('PROOF_LIFTER_MISMATCH', detailOf('another lifter made it: it cannot be made again here', { ours: this.lift.lifterSha256, old: proof.old.lifter.sha256 }));
    }
    const before = this.#lifted(oldArtifact, signal);
    const [old, next] = await Promise.all([before, shas[0] === shas[1] ? before : this.#lifted(newArtifact, signal)]);
    const fault = await this.comparer.recheck(envelope, old, next);
    return fault ? refused(fault.refusal, detailOf(fault.what, fault.facts)) : { refusal: '', detail: 'both artifacts were lifted again', provenance: 'proved' };
  }

  async #lifted(artifact: Artifact, signal: AbortSignal): Promise<LiftedSide> {
    const { ref, end, index } = await this.lift.execute(artifact, signal, (lift) => lift());
    return { ref: { artifactSha256: artifact.sha256, ...ref }, unitsByKind: unitsByKind(end.unitsByKind, ref.sums.units), index };
  }
}

function refused(refusal: string, detail: string): Finding {
  return { refusal, detail, provenance: '' };
}

function refOf(record: IndexRecord | undefined): IndexRef | undefined {
  if (record === undefined) return undefined;
  const { artifactSha256, lifter, root, sums } = record.predicate;
  return { artifactSha256, lifter, root, sums };
}
