import { canonicalize, type PublicKey } from '@stella/attestation';
import { compareIndexes, detailOf, EnvelopeRefused, indexRef, openProof, type OpenedProof, proveDelta, type UnitIndex, verifyDeltaProof } from '@stella/binary-delta';
import { limits } from '../limits.js';
import type { LiftArtifact } from './lift-artifact.js';
import type { IndexRepository, PsdiFacts } from './ports.js';

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
type LiftedArtifact = UnitIndex & { readonly artifactSha256: string };

/** Says whether a delta proof holds. What is wrong with it is an answer; that it could not be checked is an error. */
export class VerifyDelta {
  constructor(
    private readonly lift: LiftArtifact,
    private readonly indexes: IndexRepository,
    /** Of this service, and of whoever else is trusted with deltas. */
    private readonly keys: readonly PublicKey[],
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

  async #examine({ tenant, envelope, mode }: VerifyDeltaQuery, signal: AbortSignal): Promise<{ proof?: OpenedProof; finding: Finding }> {
    let proof: OpenedProof;
    try {
      proof = openProof(envelope, this.keys, limits.envelopeBytesMax);
    } catch (error) {
      if (error instanceof EnvelopeRefused) return { finding: refused(error.refusal, error.detail) };
      throw error;
    }
    return { proof, finding: await (mode === 'deep' ? this.#deep(tenant, proof, signal) : this.#fast(tenant, proof)) };
  }

  /** By signature, Merkle frame and sums, against our own lifts where there are any. */
  async #fast(tenant: string, proof: OpenedProof): Promise<Finding> {
    const [old, next] = await Promise.all([proof.old, proof.new].map(({ artifactSha256, lifter }) => this.indexes.find({ tenant, artifactSha256, lifterSha256: lifter.sha256 })));
    const result = verifyDeltaProof(proof.predicate, { old: old?.predicate ?? proof.old, new: next?.predicate ?? proof.new });
    if (!result.ok) return refused(result.reason, detailOf('the proof does not hold', result.facts));
    // `proved` is said of the roots; the frame leaves some classes and counts to whoever signed.
    const classesDeclared = result.units.filter(({ basis }) => basis === 'declared').length;
    const isOwn = old !== undefined && next !== undefined;
    return {
      refusal: '',
      detail: detailOf('the proof holds', { signer: proof.signer.fingerprint, rootsOf: isOwn ? 'our own lifts' : 'the signer', classesDeclared: String(classesDeclared) }),
      provenance: isOwn ? 'proved' : 'attested',
    };
  }

  /** By lifting both artifacts again, now: roots, units, classes and every other word of the proof. */
  async #deep(tenant: string, proof: OpenedProof, signal: AbortSignal): Promise<Finding> {
    const shas = [proof.old.artifactSha256, proof.new.artifactSha256] as const;
    const [oldArtifact, newArtifact] = await Promise.all(shas.map((sha256) => this.lift.liftable(tenant, sha256)));
    if (!oldArtifact || !newArtifact) throw new Error('two artifacts were asked for');
    if (proof.old.lifter.sha256 !== this.lift.lifterSha256 || proof.new.lifter.sha256 !== this.lift.lifterSha256) {
      return refused('PROOF_LIFTER_MISMATCH', detailOf('another lifter made it: it cannot be made again here', { ours: this.lift.lifterSha256, old: proof.old.lifter.sha256 }));
    }
    const lifted = async (sha256: string, artifact: typeof oldArtifact): Promise<LiftedArtifact> => {
      const { index } = await this.lift.execute(artifact, signal, (lift) => lift());
      return { ...index, artifactSha256: sha256 };
    };
    const before = lifted(shas[0], oldArtifact);
    const [old, next] = await Promise.all([before, shas[0] === shas[1] ? before : lifted(shas[1], newArtifact)]);
    return compareWith(proof, old, next);
  }
}

function compareWith(proof: OpenedProof, old: LiftedArtifact, next: LiftedArtifact): Finding {
  const refs = { old: indexRef(old.set, old.artifactSha256, old.lifter), new: indexRef(next.set, next.artifactSha256, next.lifter) };
  const result = verifyDeltaProof(proof.predicate, refs);
  if (!result.ok) return refused(result.reason, detailOf('the proof does not hold against a new lift', { ...result.facts, liftedOldRoot: refs.old.root, liftedNewRoot: refs.new.root }));
  const again = proveDelta(old, next, compareIndexes(old, next));
  const differs = Object.entries(again).find(([member, value]) => !Buffer.from(canonicalize(value)).equals(canonicalize(proof.predicate[member])));
  if (differs) return refused('PROOF_DELTA_MISMATCH', detailOf('the comparison made again says otherwise', { member: differs[0] }));
  return { refusal: '', detail: 'both artifacts were lifted again', provenance: 'proved' };
}

function refused(refusal: string, detail: string): Finding {
  return { refusal, detail, provenance: '' };
}
