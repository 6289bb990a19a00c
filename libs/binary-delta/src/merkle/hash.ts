import { hash } from 'node:crypto';
import { type Sums, SUMS_BYTES, writeSums } from './sums.js';

/**
 * The set of units as a Merkle tree. All that a stranger needs to check it:
 *
 *     H(x)          = SHA-256(x)
 *     key(leaf)     = H(UTF-8 bytes of leaf.id)
 *     value(leaf)   = H(0x00 ‖ key(leaf) ‖ H(leaf bytes))
 *     value(l, r)   = H(0x01 ‖ value(l) ‖ sums(l) ‖ value(r) ‖ sums(r))
 *     root          = H(0x02 ‖ value(top) ‖ sums(top))
 *     sums          = units ‖ bytes ‖ unresolved ‖ residual bytes, each a u64, big-endian
 *
 * The tree is the binary trie over the keys' bits, the first bit of the first byte on top, 0 to the left. A region (all
 * keys with a common prefix) without a leaf has the value of 32 zero bytes and sums of zero; a region with one leaf has
 * that leaf's value; any other region is value(l, r) of its two halves. So the tree is a function of the set alone, its
 * depth stays near log2(n) whatever the ids are, and a unit that comes or goes touches one path.
 *
 * Sources: sparse Merkle trees with compressed single-leaf regions (Dahlberg, Pulls, Peeters, "Efficient Sparse Merkle
 * Trees", ePrint 2016/683; "Jellyfish Merkle Tree", Gao, Hu, Wu, 2021), prefixes against confusion of leaf and node
 * (RFC 6962, 2.1), sums in the nodes as in Merkle sum trees (Maxwell–Todd). The security rests on collision resistance
 * of SHA-256 alone.
 */
export const HASH_BYTES = 32;
export const KEY_BITS = 256;
export const EMPTY_VALUE: Buffer = Buffer.alloc(HASH_BYTES);

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

export function keyOfId(id: string): Buffer {
  return hash('sha256', id, 'buffer');
}

export function digestOfLeaf(bytes: Uint8Array): Buffer {
  return sha256(bytes);
}

const leafPreimage = Buffer.alloc(1 + 2 * HASH_BYTES);
export function valueOfLeaf(key: Uint8Array, digest: Uint8Array): Buffer {
  leafPreimage.set(key, 1);
  leafPreimage.set(digest, 1 + HASH_BYTES);
  return sha256(leafPreimage);
}

const nodePreimage = Buffer.alloc(1 + 2 * (HASH_BYTES + SUMS_BYTES), 0);
nodePreimage[0] = 1;
export function valueOfNode(left: Uint8Array, leftSums: Sums, right: Uint8Array, rightSums: Sums): Buffer {
  nodePreimage.set(left, 1);
  writeSums(nodePreimage, 33, leftSums);
  nodePreimage.set(right, 65);
  writeSums(nodePreimage, 97, rightSums);
  return sha256(nodePreimage);
}

export function rootOf(top: Uint8Array, sums: Sums): Buffer {
  const preimage = Buffer.alloc(1 + HASH_BYTES + SUMS_BYTES);
  preimage[0] = 2;
  preimage.set(top, 1);
  writeSums(preimage, 33, sums);
  return sha256(preimage);
}

/** Bit `depth` of a key at `offset`, the most significant bit of the first byte being bit 0. */
export function bitOf(keys: Uint8Array, offset: number, depth: number): 0 | 1 {
  return (((keys[offset + (depth >> 3)] as number) >> (7 - (depth & 7))) & 1) as 0 | 1;
}
