import { findRevocation, type JsonObject, openTrustRoot, type PublicKey, publicKeyFromPem, trustedKey, type TrustedKey, trustedKeys, type TrustRoot, verifyRevocationList } from '@stella/attestation';
import { type ErrorFacts, isDomainError } from '@stella/errors';
import type { UnitClass } from '../unit-class.js';
import { type EnvelopeFault, EnvelopeRefused, openProof, type OpenedProof } from './open-proof.js';
import type { ProofFault } from './parse-proof.js';
import { verifyDeltaProof } from './verify-proof.js';

/** What a person hands over: contents of files, and what the proof has to be about. */
export interface ProofCheckInput {
  readonly envelope: Uint8Array;
  /** A signed production root, or the unsigned root of a development installation. */
  readonly trustRoot: Uint8Array;
  /** PEM of the root keys that the user pins; needed for a production root. */
  readonly pinnedKeysPem: readonly string[];
  /** Undefined: not given, so that nothing can be checked to the end. */
  readonly revocationList?: Uint8Array | undefined;
  /** Lower-case hex; undefined: whatever the proof is about. */
  readonly baselineSha256?: string | undefined;
  readonly candidateSha256?: string | undefined;
  readonly now: Date;
}

export type ProofRefusal = EnvelopeFault | ProofFault | 'PROOF_SIGNER_REVOKED' | 'PROOF_REVOKED';

/** Only `holds` is a yes. The roots are the signer's word: a proof that holds is `attested` by him, never `proved`. */
export type ProofAnswer =
  | { readonly answer: 'holds'; readonly baselineSha256: string; readonly candidateSha256: string; readonly signer: TrustedKey; readonly counts: Readonly<Record<UnitClass, number>>; readonly identicalUnits: number }
  | { readonly answer: 'refused'; readonly refusal: ProofRefusal; readonly facts: ErrorFacts }
  | { readonly answer: 'could-not-check'; readonly reason: string; readonly facts: ErrorFacts };

/** Checks a delta proof with nothing but what is handed in. A root or list that is missing, stale or not signed leaves it open. */
export function checkDeltaProof(input: ProofCheckInput): ProofAnswer {
  try {
    const root = openTrustRoot(input.trustRoot, input.pinnedKeysPem.map(publicKeyFromPem), input.now);
    return check(input, root);
  } catch (error) {
    if (error instanceof EnvelopeRefused) return { answer: 'refused', refusal: error.refusal, facts: { detail: error.detail } };
    if (isDomainError(error)) return { answer: 'could-not-check', reason: error.reason, facts: error.facts };
    throw error;
  }
}

function check(input: ProofCheckInput, root: TrustRoot): ProofAnswer {
  const proof = openProof(input.envelope, trustedKeys(root, 'evidence', input.now).map(({ publicKey }) => publicKey));
  const [baselineSha256, candidateSha256] = [proof.old.artifactSha256, proof.new.artifactSha256];
  if ((input.baselineSha256 ?? baselineSha256) !== baselineSha256 || (input.candidateSha256 ?? candidateSha256) !== candidateSha256) {
    return { answer: 'refused', refusal: 'PROOF_SUBJECT_MISMATCH', facts: { baseline: baselineSha256, candidate: candidateSha256 } };
  }
  const result = verifyDeltaProof(proof.predicate as JsonObject, { old: proof.old, new: proof.new });
  if (!result.ok) return { answer: 'refused', refusal: result.reason, facts: result.facts };
  const signer = signerOf(root, proof.signer);
  return revocation(input, root, proof, signer) ?? { answer: 'holds', baselineSha256, candidateSha256, signer, counts: result.counts, identicalUnits: result.unlisted.units };
}

function signerOf(root: TrustRoot, { fingerprint }: PublicKey): TrustedKey {
  const key = trustedKey(root, fingerprint);
  if (key === undefined) throw new Error('the signature was verified by a key of the root');
  return key;
}

/** Undefined: neither the signer's key nor the proof was taken back by his organisation. */
function revocation({ revocationList, now }: ProofCheckInput, root: TrustRoot, { statementSha256 }: OpenedProof, { organisation, publicKey }: TrustedKey): ProofAnswer | undefined {
  if (revocationList === undefined) return { answer: 'could-not-check', reason: 'REVOCATIONS_NOT_GIVEN', facts: { issuer: organisation } };
  const list = verifyRevocationList(revocationList, root, { issuer: organisation, now });
  const isKeyRevoked = findRevocation(list, 'key', publicKey.fingerprint) !== undefined;
  if (isKeyRevoked) return { answer: 'refused', refusal: 'PROOF_SIGNER_REVOKED', facts: { signer: publicKey.fingerprint } };
  const isRevoked = findRevocation(list, 'statement', statementSha256) !== undefined;
  return isRevoked ? { answer: 'refused', refusal: 'PROOF_REVOKED', facts: { statement: statementSha256 } } : undefined;
}
