import { hash } from 'node:crypto';
import fc from 'fast-check';
import { encodeLeaf, type Leaf } from '../leaf.js';
import { buildMerkleSet } from './build-set.js';
import { diffSets } from './diff.js';
import { foldFrame, FrameBroken, type ListedLeaf } from './fold-frame.js';
import type { MerkleSet } from './merkle-set.js';
import { packSet, unpackSet } from './pack.js';
import { writeSetFrame, writeSharedFrame } from './write-frame.js';

const leafOf = (id: string, version = 0, size = 1): Leaf => ({
  e1: hash('sha256', `${id}/${version}`),
  id,
  kind: version % 5 === 4 ? 'residual' : 'function',
  name: id,
  refs: [],
  residual: version % 3,
  size,
});

type Units = ReadonlyMap<string, Leaf>;
const setOf = (units: Units): MerkleSet => buildMerkleSet([...units.values()].map(encodeLeaf));
const listed = (units: Units, ids: Iterable<string>): Map<string, ListedLeaf> => {
  const found = new Map<string, ListedLeaf>();
  for (const id of ids) {
    const leaf = units.get(id);
    if (leaf !== undefined) found.set(id, { leaf, bytes: encodeLeaf(leaf) });
  }
  return found;
};

const unitsArbitrary: fc.Arbitrary<Units> = fc
  .uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), fc.nat(20), fc.nat(1 << 20)), {
    selector: ([id]) => id,
    maxLength: 60,
  })
  .map((entries) => new Map(entries.map(([id, version, size]) => [id, leafOf(id, version, size)])));

/** The definition of hash.ts, written once more without any sharing of code. */
function naiveRoot(units: Units): string {
  const sha = (...parts: Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
  const u64 = (...values: number[]): Buffer => {
    const out = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => out.writeBigUInt64BE(BigInt(value), 8 * i));
    return out;
  };
  type Node = { value: Buffer; sums: number[]; leaf: boolean };
  const region = (leaves: { bits: string; node: Node }[], depth: number): Node => {
    if (leaves.length === 0) return { value: Buffer.alloc(32), sums: [0, 0, 0, 0], leaf: false };
    if (leaves.length === 1) return (leaves[0] as { node: Node }).node;
    const [l, r] = ['0', '1'].map((bit) => region(leaves.filter(({ bits }) => bits[depth] === bit), depth + 1)) as [Node, Node];
    return {
      value: sha(Buffer.of(1), l.value, u64(...l.sums), r.value, u64(...r.sums)),
      sums: l.sums.map((n, i) => n + (r.sums[i] as number)),
      leaf: false,
    };
  };
  const leaves = [...units.values()].map((leaf) => {
    const key = sha(Buffer.from(leaf.id));
    const bits = [...key].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const value = sha(Buffer.of(0), key, sha(encodeLeaf(leaf)));
    return { bits, node: { value, sums: [1, leaf.size, leaf.residual, leaf.kind === 'residual' ? leaf.size : 0], leaf: true } };
  });
  const top = region(leaves, 0);
  return sha(Buffer.of(2), top.value, u64(...top.sums)).toString('hex');
}

test('the root is what its definition says, in whatever order the leaves come', () => {
  fc.assert(
    fc.property(unitsArbitrary, (units) => {
      const root = setOf(units).root.toString('hex');
      const reversed = buildMerkleSet([...units.values()].reverse().map(encodeLeaf)).root.toString('hex');
      return root === naiveRoot(units) && root === reversed;
    }),
    { numRuns: 200 },
  );
});

test('the root of a known set never changes', () => {
  const units = new Map(['a', 'b', 'c'].map((id, i) => [id, leafOf(id, i, 10 * i)]));
  expect(setOf(units).root.toString('hex')).toBe(naiveRoot(units));
  expect(setOf(units).sums).toEqual({ units: 3, sizeBytes: 30, unresolved: 3, residualBytes: 0 });
});

test('two units with one id are refused', () => {
  expect(() => buildMerkleSet([leafOf('a'), leafOf('a', 1)].map(encodeLeaf))).toThrow(expect.objectContaining({ reason: 'UNIT_DUPLICATE' }));
});

test('a packed set comes back as it was', () => {
  fc.assert(
    fc.property(unitsArbitrary, (units) => {
      const set = setOf(units);
      const back = unpackSet(packSet(set));
      const ids = [...units.keys()];
      return (
        back.root.equals(set.root) &&
        ids.every((id) => back.leaf(back.find(id) as number).id === id) &&
        diffSets(set, back).length === 0 &&
        packSet(back).equals(packSet(set))
      );
    }),
  );
});

test('a cut or lengthened blob is refused', () => {
  const blob = packSet(setOf(new Map(['a', 'b', 'c'].map((id) => [id, leafOf(id)]))));
  for (const bad of [blob.subarray(0, 5), blob.subarray(0, blob.length - 1), Buffer.concat([blob, Buffer.of(0)]), Buffer.alloc(100)]) {
    expect(() => unpackSet(bad)).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
  }
});

test('a difference names each unit that differs, and no other', () => {
  fc.assert(
    fc.property(unitsArbitrary, unitsArbitrary, (left, right) => {
      // Half of the second set is taken from the first, so that there is something in common.
      const merged = new Map([...right, ...[...left].filter((_, i) => i % 2 === 0)]);
      const [before, after] = [setOf(left), setOf(merged)];
      const found = diffSets(before, after).map((d) => (d.old !== undefined ? before.leaf(d.old).id : after.leaf(d.new as number).id));
      const ids = new Set([...left.keys(), ...merged.keys()]);
      const expected = [...ids].filter((id) => JSON.stringify(left.get(id)) !== JSON.stringify(merged.get(id)));
      expect(found.sort()).toEqual(expected.sort());
    }),
  );
});

test('one frame, filled with the old and with the new leaves, gives both roots', () => {
  fc.assert(
    fc.property(unitsArbitrary, unitsArbitrary, fc.array(fc.string()), (left, right, more) => {
      const merged = new Map([...right, ...[...left].filter((_, i) => i % 3 > 0)]);
      const [before, after] = [setOf(left), setOf(merged)];
      const changed = [...new Set([...left.keys(), ...merged.keys()])].filter(
        (id) => JSON.stringify(left.get(id)) !== JSON.stringify(merged.get(id)),
      );
      const ids = [...new Set([...changed, ...more])];
      const frame = writeSharedFrame(before, after, ids);
      const folded = foldFrame(frame, ids, listed(left, ids), listed(merged, ids));
      expect(folded.old.root.equals(before.root)).toBe(true);
      expect(folded.new.root.equals(after.root)).toBe(true);
      expect(folded.old.sums).toEqual(before.sums);
      expect(folded.unlisted.units).toBe(left.size - ids.filter((id) => left.has(id)).length);
    }),
    { numRuns: 300 },
  );
});

test('the list must be complete: a change that is left out cannot be framed', () => {
  const left = new Map(['a', 'b', 'c', 'd'].map((id) => [id, leafOf(id)]));
  const right = new Map([...left, ['a', leafOf('a', 1)], ['b', leafOf('b', 1)]]);
  expect(() => writeSharedFrame(setOf(left), setOf(right), ['a'])).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
});

test('no byte of a frame can be changed, added or cut', () => {
  const units = new Map(Array.from({ length: 40 }, (_, i) => [`unit-${i}`, leafOf(`unit-${i}`, i, i * 1000)]));
  const set = setOf(units);
  const ids = ['unit-3', 'unit-17', 'absent'];
  const frame = writeSetFrame(set, ids);
  const own = listed(units, ids);
  const gives = (bytes: Uint8Array): boolean => {
    try {
      return foldFrame(bytes, ids, own, own).old.root.equals(set.root);
    } catch (error) {
      if (error instanceof FrameBroken) return false;
      throw error;
    }
  };
  expect(gives(frame)).toBe(true);
  for (let at = 0; at < frame.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bad = Buffer.from(frame);
      bad[at] = (bad[at] as number) ^ (1 << bit);
      expect(gives(bad)).toBe(false);
    }
    expect(gives(frame.subarray(0, at))).toBe(false);
  }
  expect(gives(Buffer.concat([frame, Buffer.of(0)]))).toBe(false);
});

test('a unit that is there cannot be called absent by hiding it elsewhere', () => {
  const units = new Map(['present', 'other'].map((id) => [id, leafOf(id)]));
  const set = setOf(units);
  const nothing = new Map<string, ListedLeaf>();
  // The frame around another absent id shows both leaves as stubs; it is offered as the frame around a present one.
  fc.assert(
    fc.property(fc.string(), (id) => {
      fc.pre(!units.has(id));
      const frame = writeSetFrame(set, [id]);
      expect(foldFrame(frame, [id], nothing, nothing).old.root.equals(set.root)).toBe(true);
      let root: Buffer | undefined;
      try {
        root = foldFrame(frame, ['present'], nothing, nothing).old.root;
      } catch (error) {
        if (!(error instanceof FrameBroken)) throw error;
      }
      expect(root?.equals(set.root) ?? false).toBe(false);
    }),
  );
});
