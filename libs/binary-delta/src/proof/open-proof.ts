import { PREDICATE_TYPES, type PublicKey, type Statement, verifyStatement } from '@stella/attestation';
import { type ErrorFacts, isDomainError } from '@stella/errors';
import { type IndexRef, parseIndexRef } from '../index-root.js';

/** Why a proof is refused before or beside what the delta library says of it. */
export type EnvelopeFault = 'PROOF_SIGNATURE' | 'PROOF_TYPE' | 'PROOF_MALFORMED' | 'PROOF_SUBJECT_MISMATCH';

export class EnvelopeRefused extends Error {
  constructor(
    readonly refusal: EnvelopeFault,
    readonly detail: string,
  ) {
    super(refusal);
  }
}

/** A signed proof whose signer is trusted; the proof itself is not yet checked. */
export interface OpenedProof {
  readonly predicate: Statement['predicate'];
  readonly old: IndexRef;
  readonly new: IndexRef;
  readonly signer: PublicKey;
  /** SHA-256 of the signed bytes, lower-case hex: what a revocation names. */
  readonly statementSha256: string;
}

/** Reads exactly the bytes that the signature covers. @throws EnvelopeRefused */
export function openProof(envelope: Uint8Array, keys: Iterable<PublicKey>, sizeBytesMax?: number): OpenedProof {
  try {
    const { statement, key, payloadDigest } = verifyStatement(envelope, keys, { predicateType: PREDICATE_TYPES.deltaProof, ...(sizeBytesMax !== undefined && { sizeBytesMax }) });
    const old = parseIndexRef(statement.predicate['old']);
    const next = parseIndexRef(statement.predicate['new']);
    requireSubjects(statement, [old.artifactSha256, next.artifactSha256]);
    return { predicate: statement.predicate, old, new: next, signer: key, statementSha256: payloadDigest };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new EnvelopeRefused(faultOf(error.reason), detailOf(error.reason, error.facts));
  }
}

export function detailOf(what: string, facts: ErrorFacts): string {
  const said = Object.entries(facts).map(([name, value]) => `${name}=${value.slice(0, 200)}`);
  return [what, ...said].join(' ');
}

function faultOf(reason: string): EnvelopeFault {
  if (reason === 'SIGNATURE_UNVERIFIED') return 'PROOF_SIGNATURE';
  if (reason === 'PREDICATE_TYPE_MISMATCH' || reason === 'ENVELOPE_PAYLOAD_TYPE_MISMATCH') return 'PROOF_TYPE';
  return 'PROOF_MALFORMED';
}

function requireSubjects(statement: Statement, expected: readonly string[]): void {
  const found = new Set(statement.subjects.map(({ sha256 }) => sha256));
  if (found.size === new Set(expected).size && expected.every((sha256) => found.has(sha256))) return;
  throw new EnvelopeRefused('PROOF_SUBJECT_MISMATCH', detailOf('the subjects are other artifacts', { subjects: [...found].join(' ') }));
}
