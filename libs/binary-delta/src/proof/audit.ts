import { createHmac } from 'node:crypto';
import type { MerkleSet } from '../merkle/merkle-set.js';

/**
 * Chooses k unlisted units to be lifted again, by a nonce that the verifier draws after he has the proof: the k smallest
 * HMAC-SHA256(nonce, key of the unit). Who made the index cannot foresee the choice.
 * One false unit among n escapes with probability (1 − k/n); an omitted one always: only a full lift finds it.
 */
export function auditSample(set: MerkleSet, listedIds: ReadonlySet<string>, nonce: Buffer, k: number): string[] {
  const ranked: { readonly rank: number; readonly draw: Buffer }[] = [];
  for (let rank = 0; rank < set.size; rank++) {
    ranked.push({ rank, draw: createHmac('sha256', nonce).update(set.key(rank)).digest() });
  }
  ranked.sort((a, b) => a.draw.compare(b.draw));
  const chosen: string[] = [];
  for (const { rank } of ranked) {
    if (chosen.length === k) break;
    const { id } = set.leaf(rank);
    if (!listedIds.has(id)) chosen.push(id);
  }
  return chosen;
}
