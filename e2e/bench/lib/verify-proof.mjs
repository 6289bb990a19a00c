import { PREDICATE_TYPES, verifyStatement } from '@stella/attestation';
import { verifyDeltaProof } from '@stella/binary-delta';

/** From the envelope's bytes to the verdict. @throws Error when the proof does not hold: a refusal is faster than a check */
export function verifyProof(envelope, key, indexes) {
  const { statement } = verifyStatement(envelope, [key], { predicateType: PREDICATE_TYPES.deltaProof });
  const result = verifyDeltaProof(statement.predicate, indexes);
  if (!result.ok) throw new Error(`the proof was refused: ${result.reason} ${JSON.stringify(result.facts)}`);
  return result;
}
