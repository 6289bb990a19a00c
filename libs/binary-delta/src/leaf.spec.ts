import fc from 'fast-check';
import { encodeLeaf, type Leaf, parseLeaf } from './leaf.js';
import { compareUtf8 } from './utf8-order.js';

const leaf: Leaf = { e1: '0f'.repeat(32), id: 'fn:f', kind: 'function', name: 'f', refs: ['data#1', 'fn:g'], residual: 0, size: 12 };
const text = encodeLeaf(leaf).toString();

test('a leaf is its canonical JSON and comes back as it was', () => {
  expect(text).toBe(`{"e1":"${leaf.e1}","id":"fn:f","kind":"function","name":"f","refs":["data#1","fn:g"],"residual":0,"size":12}`);
  expect(parseLeaf(Buffer.from(text))).toEqual(leaf);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), (id, name) => {
      const other = { ...leaf, id, name };
      expect(parseLeaf(encodeLeaf(other))).toEqual(other);
    }),
  );
});

test.each([
  ['white space', ` ${text}`],
  ['a member more', text.replace('{', '{"a":1,')],
  ['a duplicate member', text.replace('{', `{"e1":"${'00'.repeat(32)}",`)],
  ['another order', JSON.stringify(Object.fromEntries(Object.entries(leaf).reverse()))],
  ['an escape that is not needed', text.replace('fn:f', '\\u0066n:f')],
  ['upper-case hex', text.replace(leaf.e1, leaf.e1.toUpperCase())],
  ['a fraction', text.replace('12', '12.0')],
  ['an exponent', text.replace('12', '1e1')],
  ['a negative size', text.replace('12', '-1')],
  ['minus zero', text.replace('"residual":0', '"residual":-0')],
  ['a size beyond 2^53', text.replace('12', '9007199254740993')],
  ['unsorted references', text.replace('"data#1","fn:g"', '"fn:g","data#1"')],
  ['a reference twice', text.replace('"data#1","fn:g"', '"fn:g","fn:g"')],
  ['an unknown kind', text.replace('function', 'mystery')],
  ['an empty id', text.replace('fn:f', '')],
  ['a lone surrogate', text.replace('fn:f', '\\ud800')],
  ['an array', '[]'],
  ['null', 'null'],
  ['nothing', ''],
])('%s is refused', (_, other) => {
  expect(() => parseLeaf(Buffer.from(other))).toThrow(expect.objectContaining({ reason: 'LEAF_INVALID' }));
});

test('bytes that are not UTF-8, and a byte order mark, are refused', () => {
  const bytes = Buffer.from(text);
  bytes[bytes.indexOf('f')] = 0xff;
  expect(() => parseLeaf(bytes)).toThrow(expect.objectContaining({ reason: 'LEAF_INVALID' }));
  expect(() => parseLeaf(Buffer.from(`\ufeff${text}`))).toThrow(expect.objectContaining({ reason: 'LEAF_INVALID' }));
});

test('strings are ordered as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(Buffer.from(a).compare(Buffer.from(b))));
    }),
    { numRuns: 2000 },
  );
  expect(compareUtf8('\uffff', '\u{10000}')).toBeLessThan(0);
});
