import { DomainError } from '@stella/errors';
import { type Leaf, parseLeaf } from '../leaf.js';
import { LIMITS } from '../limits.js';
import { bitOf, digestOfLeaf, EMPTY_VALUE, HASH_BYTES, keyOfId, valueOfLeaf, valueOfNode } from './hash.js';
import { isLeafRef, leafRef, MerkleSet, NOTHING, rankOf, type Ref, type SetTables } from './merkle-set.js';
import { addSums, isExact, NO_SUMS, type Sums, sumsOfLeaf } from './sums.js';

/**
 * Builds the tree over leaves in any order.
 * @param leaves canonical leaf bytes
 * @param onLeaf sees each leaf once, as it is parsed
 * @throws LEAF_INVALID, UNIT_DUPLICATE, INDEX_TOO_LARGE
 */
export function buildMerkleSet(leaves: Iterable<Buffer>, onLeaf?: (leaf: Leaf) => void): MerkleSet {
  const entries: { readonly bytes: Buffer; readonly id: string; readonly key: Buffer; readonly sums: Sums }[] = [];
  for (const bytes of leaves) {
    const leaf = parseLeaf(bytes);
    onLeaf?.(leaf);
    entries.push({ bytes, id: leaf.id, key: keyOfId(leaf.id), sums: sumsOfLeaf(leaf) });
    if (entries.length > LIMITS.unitsMax) throw new DomainError('INDEX_TOO_LARGE', { unitsMax: String(LIMITS.unitsMax) });
  }
  entries.sort((a, b) => a.key.compare(b.key));
  const size = entries.length;
  const keys = Buffer.alloc(size * HASH_BYTES);
  const leafValues = Buffer.alloc(size * HASH_BYTES);
  const sums: number[] = [];
  entries.forEach((entry, rank) => {
    if (rank > 0 && entry.key.equals((entries[rank - 1] as (typeof entries)[number]).key)) {
      throw new DomainError('UNIT_DUPLICATE', { id: entry.id.slice(0, 200) });
    }
    keys.set(entry.key, rank * HASH_BYTES);
    leafValues.set(valueOfLeaf(entry.key, digestOfLeaf(entry.bytes)), rank * HASH_BYTES);
    sums.push(entry.sums.units, entry.sums.sizeBytes, entry.sums.unresolved, entry.sums.residualBytes);
  });
  const inner = joinLeaves(keys, leafValues, sums, size);
  let end = 0;
  const leafEnds = Float64Array.from(entries, ({ bytes }) => (end += bytes.length));
  return new MerkleSet({ leaves: Buffer.concat(entries.map(({ bytes }) => bytes), end), leafEnds, keys, leafValues, ...inner });
}

/** The inner nodes above sorted leaves; `sums` grows by four numbers a node. */
function joinLeaves(
  keys: Buffer,
  leafValues: Buffer,
  sums: number[],
  size: number,
): Pick<SetTables, 'sums' | 'children' | 'nodeValues'> {
  const children: number[] = [];
  const values: Buffer[] = [];
  const valueAt = (ref: Ref): Buffer => {
    if (ref === NOTHING) return EMPTY_VALUE;
    return isLeafRef(ref) ? leafValues.subarray(rankOf(ref) * HASH_BYTES, (rankOf(ref) + 1) * HASH_BYTES) : (values[ref] as Buffer);
  };
  const sumsAt = (ref: Ref): Sums => {
    if (ref === NOTHING) return NO_SUMS;
    const at = 4 * (isLeafRef(ref) ? rankOf(ref) : size + ref);
    return { units: sums[at]!, sizeBytes: sums[at + 1]!, unresolved: sums[at + 2]!, residualBytes: sums[at + 3]! };
  };
  const join = (low: number, high: number, depth: number): Ref => {
    if (low === high) return NOTHING;
    if (high - low === 1) return leafRef(low);
    const middle = firstOne(keys, low, high, depth);
    const left = join(low, middle, depth + 1);
    const right = join(middle, high, depth + 1);
    const leftSums = sumsAt(left);
    const rightSums = sumsAt(right);
    const total = addSums(leftSums, rightSums);
    if (!isExact(total)) throw new DomainError('INDEX_TOO_LARGE', { sizeBytes: String(total.sizeBytes) });
    values.push(valueOfNode(valueAt(left), leftSums, valueAt(right), rightSums));
    children.push(left, right);
    sums.push(total.units, total.sizeBytes, total.unresolved, total.residualBytes);
    return values.length - 1;
  };
  join(0, size, 0);
  return { sums: Float64Array.from(sums), children: Int32Array.from(children), nodeValues: Buffer.concat(values) };
}

/** The first rank in [low, high) whose key has a 1 at `depth`; keys are sorted and share the bits above. */
function firstOne(keys: Buffer, low: number, high: number, depth: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (bitOf(keys, middle * HASH_BYTES, depth) === 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
