import type { Entry, Node } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { isDomainError } from '@stella/errors';
import { parseVerifierKey, verifyTlogProof } from '@stella/transparency-log';

/** Whether an entry's offline proof holds under the log key that the node shows. */
export type ProofState = { readonly holds: true; readonly index: number } | { readonly holds: false; readonly problem: string };

export function proofState({ record, proof }: Pick<Entry, 'record' | 'proof'>, { origin, logKey }: Pick<Node, 'origin' | 'logKey'>): ProofState {
  try {
    const { index } = verifyTlogProof(proof, record, { origin, keys: [parseVerifierKey(logKey)] });
    return { holds: true, index };
  } catch (error) {
    if (isDomainError(error)) return { holds: false, problem: error.reason };
    throw error;
  }
}
