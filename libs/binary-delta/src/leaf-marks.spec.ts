import fc from 'fast-check';
import { encodeLeaf, kindMark, type Leaf, NO_REFS_MARK, parseLeaf, peekLeaf, UNIT_KINDS } from './leaf.js';

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('","kind":"function","name":"', '","refs":[],"', '\\","kind":"function","name":"'));
const leafArbitrary: fc.Arbitrary<Leaf> = fc.record({
  e1: fc.constant('ab'.repeat(32)),
  id: text.filter((id) => id !== ''),
  kind: fc.constantFrom(...UNIT_KINDS),
  name: text,
  refs: text.map((ref) => (ref === '' ? [] : [ref])),
  residual: fc.nat(3),
  size: fc.nat(),
});

test('marks say of canonical bytes what the leaf says, whatever its texts are', () => {
  fc.assert(
    fc.property(leafArbitrary, (leaf) => {
      const bytes = encodeLeaf(leaf);
      expect(UNIT_KINDS.filter((kind) => bytes.includes(kindMark(kind)))).toEqual([leaf.kind]);
      expect(bytes.includes(NO_REFS_MARK)).toBe(leaf.refs.length === 0);
      expect(peekLeaf(bytes)).toEqual(parseLeaf(bytes));
    }),
    { numRuns: 500 },
  );
});

test('what is no JSON is no leaf', () => {
  expect(() => peekLeaf(Buffer.from('{"e1"'))).toThrow(expect.objectContaining({ reason: 'LEAF_INVALID' }));
});
