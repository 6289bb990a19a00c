import fc from 'fast-check';
import { equalHashes, EMPTY_ROOT, hashChildren, hashLeaf, type Hash } from './hashing.js';
import { splitPoint } from './integers.js';
import { CompactRange } from './compact-range.js';
import { consistencyRanges, inclusionRanges, subtreeConsistencyRanges } from './proof-build.js';
import { type Subtree, verifyConsistency, verifyInclusion, verifySubtreeConsistency, verifySubtreeInclusion } from './proof-verify.js';
import { reasonOf } from '@stella/testing';
import { numbered } from '../test/support/logs.js';

/** RFC 6962 section 2.1, as it is written there. */
function mth(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Hash;
  const k = splitPoint(leaves.length);
  return hashChildren(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const leaves = numbered(300).map(hashLeaf);
const root = (size: number) => mth(leaves.slice(0, size));
const hashes = (ranges: readonly Subtree[]) => ranges.map(({ start, end }) => mth(leaves.slice(start, end)));
const flip = (hash: Hash, bit: number) => {
  const flipped = Uint8Array.from(hash);
  flipped[(bit >> 3) % 32]! ^= 1 << (bit & 7);
  return flipped;
};
const sizes = fc.integer({ min: 1, max: 300 });

test('a compact range has the root of the definition at every size', () => {
  const range = CompactRange.empty();
  expect(equalHashes(range.root(), EMPTY_ROOT)).toBe(true);
  for (const [at, leaf] of leaves.entries()) {
    range.append(leaf);
    expect(range.size).toBe(at + 1);
    if (!equalHashes(range.root(), root(at + 1))) throw new Error(`size ${at + 1}`);
  }
});

test('a compact range is told of every perfect subtree once, and copies do not share', () => {
  const seen: string[] = [];
  const range = CompactRange.empty();
  leaves.slice(0, 4).forEach((leaf) => range.append(leaf, (level, index) => seen.push(`${level}/${index}`)));
  expect(seen).toEqual(['0/0', '0/1', '1/0', '0/2', '0/3', '1/1', '2/0']);
  const copy = range.clone();
  copy.append(leaves[4]!);
  expect([range.size, copy.size]).toEqual([4, 5]);
  expect(equalHashes(range.root(), root(4))).toBe(true);
  expect(() => CompactRange.of(3, [leaves[0]!])).toThrow(RangeError);
});

test('property: every inclusion proof verifies, and at no other index, size, leaf or root (attack 24)', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, any, bit) => {
      const index = any % size;
      const proof = hashes(inclusionRanges(index, size));
      const claim = { index, size, leafHash: leaves[index]!, root: root(size) };
      verifyInclusion(claim, proof);
      const refuse = (change: Partial<typeof claim>, with_ = proof) =>
        expect(['TLOG_PROOF_INVALID', 'TLOG_SIZE_OUT_OF_RANGE']).toContain(reasonOf(() => verifyInclusion({ ...claim, ...change }, with_)));
      refuse({ leafHash: flip(claim.leafHash, bit) });
      refuse({ root: flip(claim.root, bit) });
      refuse({}, [...proof, claim.root]);
      if (size > 1) refuse({ index: (index + 1) % size });
      if (proof.length > 0) {
        refuse({}, proof.slice(1));
        const at = any % proof.length;
        refuse({}, proof.with(at, flip(proof[at]!, bit)));
        refuse({}, proof.with(at, proof[at]!.subarray(1)));
      }
    }),
    { numRuns: 200 },
  );
});

test('property: every consistency proof verifies, and with no other root', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.nat(), (a, b, bit) => {
      const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
      const proof = hashes(consistencyRanges(size1, size2));
      const claim = { size1, root1: root(size1), size2, root2: root(size2) };
      verifyConsistency(claim, proof);
      const refuse = (change: Partial<typeof claim>, with_ = proof) =>
        expect(reasonOf(() => verifyConsistency({ ...claim, ...change }, with_))).toBe('TLOG_PROOF_INVALID');
      refuse({ root1: flip(claim.root1, bit) });
      refuse({ root2: flip(claim.root2, bit) });
      refuse({}, [...proof, claim.root2]);
      if (proof.length > 0) refuse({}, proof.slice(0, -1));
    }),
    { numRuns: 200 },
  );
});

test('property: subtrees of every aligned range', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), fc.nat({ max: 8 }), (size, any, width, level) => {
      const start = Math.floor((any % size) / 2 ** level) * 2 ** level;
      const end = Math.min(size, start + 1 + (width % 2 ** level));
      const subtree = { start, end };
      const node = mth(leaves.slice(start, end));
      verifySubtreeConsistency(subtree, node, size, root(size), hashes(subtreeConsistencyRanges(subtree, size)));
      const index = start + (any % (end - start));
      const inside = inclusionRanges(index - start, end - start).map((range) => ({ start: start + range.start, end: start + range.end }));
      verifySubtreeInclusion(subtree, index, leaves[index]!, node, hashes(inside));
    }),
    { numRuns: 200 },
  );
});

test('sizes 0 and 1', () => {
  expect(consistencyRanges(0, 5)).toEqual([]);
  expect(consistencyRanges(5, 5)).toEqual([]);
  expect(inclusionRanges(0, 1)).toEqual([]);
  verifyInclusion({ index: 0, size: 1, leafHash: leaves[0]!, root: leaves[0]! }, []);
  verifyConsistency({ size1: 0, root1: EMPTY_ROOT, size2: 0, root2: EMPTY_ROOT }, []);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %d as a size or an index', (value) => {
  const act = [
    () => inclusionRanges(value, 10),
    () => inclusionRanges(0, value),
    () => consistencyRanges(value, 10),
    () => verifyInclusion({ index: value, size: 10, leafHash: EMPTY_ROOT, root: EMPTY_ROOT }, []),
    () => verifyConsistency({ size1: value, root1: EMPTY_ROOT, size2: 10, root2: EMPTY_ROOT }, []),
  ];
  for (const one of act) expect(reasonOf(one)).toBe('TLOG_SIZE_OUT_OF_RANGE');
});

test('sizes above 2^32 are not truncated', () => {
  const index = 2 ** 40 + 12_345;
  const size = 2 ** 41 + 7;
  const ranges = inclusionRanges(index, size);
  const proof = ranges.map(({ start }) => hashLeaf(Buffer.from(String(start))));
  let hash = leaves[0]!;
  for (const [at, { start }] of ranges.entries()) {
    hash = start < index ? hashChildren(proof[at]!, hash) : hashChildren(hash, proof[at]!);
  }
  verifyInclusion({ index, size, leafHash: leaves[0]!, root: hash }, proof);
  expect(ranges.length).toBe(42);
});
