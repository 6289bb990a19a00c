import fc from 'fast-check';
import { reasonOf, refusal } from '@stella/testing';
import { canonicalize } from './canonical-json.js';
import { foldCase } from './json-parser.js';
import { JSON_DEPTH_MAX, type JsonValue } from './json-value.js';
import { parseCanonicalJson, parseStrictJson } from './strict-json.js';

const limits = { sizeBytesMax: 1_000_000 };
const parse = (text: string) => parseStrictJson(Buffer.from(text), limits);
const problem = (text: string) => refusal(() => parse(text)).facts['problem'];

test('reads every kind of value', () => {
  const text = ' { "a" : [ 1 , -2, 0, true, false, null, "x\\n\\u00e9\\ud83d\\ude00\\/" , {} , [] ] ,\r\n\t"b":{"c":"é"} } ';
  expect(parse(text)).toEqual({ a: [1, -2, 0, true, false, null, 'x\né😀/', {}, []], b: { c: 'é' } });
  expect(parse('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  expect(parse('-9007199254740991')).toBe(Number.MIN_SAFE_INTEGER);
});

test('objects have no prototype that a document could reach', () => {
  const value = parse('{"constructor":1,"toString":2}') as Record<string, JsonValue>;
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(problem('{"a":{"__proto__":{"admin":true}}}')).toBe('member name not allowed');
  expect(problem('{"\\u005f_proto__":1}')).toBe('member name not allowed');
});

test.each([
  ['{"a":1,"a":2}', 'duplicate'],
  ['{"a":1,"\\u0061":2}', 'duplicate by escape'],
])('attack 20: refuses a repeated member: %s (%s)', (text) => {
  expect(problem(text)).toBe('member name repeated, or equal to another but for case');
});

test.each([
  '{"verificationResult":"PASSED","verificationresult":"FAILED"}',
  '{"subject":1,"Subject":2}',
  '{"subject":1,"ſubject":2}',
  '{"k":1,"K":2}',
  '{"ß":1,"SS":2}',
  '{"ẞ":1,"ss":2}',
  '{"ς":1,"σ":2}',
  '{"Ω":1,"ω":2}',
])('attacks 21 and 22: refuses a case-folded twin: %s', (text) => {
  expect(problem(text)).toBe('member name repeated, or equal to another but for case');
});

test.each([
  ['1 2', 'data after the value'],
  ['{}\u0000', 'data after the value'],
  ['NaN', 'value expected'],
  ['Infinity', 'value expected'],
  ['1.0', 'fraction or exponent'],
  ['1e3', 'fraction or exponent'],
  ['1E3', 'fraction or exponent'],
  ['-0', 'negative zero'],
  ['01', 'data after the value'],
  ['+1', 'value expected'],
  ['-', 'value expected'],
  ['9007199254740992', 'number too large'],
  ['-9007199254740993', 'number too large'],
  ['"\\ud800"', 'lone surrogate'],
  ['"\\udc00\\ud800"', 'lone surrogate'],
  ['{"\\ud800":1}', 'lone surrogate'],
  ['"\u0001"', 'control character in a string'],
  ['"a', 'unexpected end'],
  ['"\\x41"', 'bad escape'],
  ['"\\u12G4"', 'bad escape'],
  ['"\\', 'bad escape'],
  ['', 'unexpected end'],
  ['{"a":1,}', 'member name expected'],
  ['{a:1}', 'member name expected'],
  ['{"a" 1}', '":" expected'],
  ['{"a":1 "b":2}', '"," or "}" expected'],
  ['[1,]', 'value expected'],
  ['[1 2]', '"," or "]" expected'],
  ['tru', 'value expected'],
  ["'a'", 'value expected'],
  ['/* c */ 1', 'value expected'],
])('attack 23: refuses %j (%s)', (text, expected) => {
  expect(problem(text)).toBe(expected);
});

test('attack 23: refuses BOM, bad UTF-8, depth and size in bounded time', () => {
  expect(refusal(() => parseStrictJson(Buffer.from('\ufeff{}'), limits)).facts['problem']).toBe('byte order mark');
  expect(refusal(() => parseStrictJson(Buffer.from([0x22, 0xc0, 0xaf, 0x22]), limits)).facts['problem']).toBe('not UTF-8');
  expect(refusal(() => parseStrictJson(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), limits)).facts['problem']).toBe('not UTF-8');
  expect(problem('['.repeat(10_000))).toBe('nested too deeply');
  expect(parse('['.repeat(JSON_DEPTH_MAX) + ']'.repeat(JSON_DEPTH_MAX))).toBeDefined();
  expect(problem('['.repeat(JSON_DEPTH_MAX + 1))).toBe('nested too deeply');
  // Never read: only the length counts.
  expect(refusal(() => parseStrictJson(new Uint8Array(200_000_000), limits)).facts['problem']).toBe('too large');
});

test('says where, in bytes', () => {
  expect(refusal(() => parse('{"é":tru}')).facts).toEqual({ problem: 'value expected', positionBytes: '6' });
});

test('refuses bytes that are not their own canonical form', () => {
  const canonical = Buffer.from('{"a":1,"b":"é"}');
  expect(parseCanonicalJson(canonical, limits)).toEqual({ a: 1, b: 'é' });
  for (const other of ['{"b":"é","a":1}', '{"a":1, "b":"é"}', '{"a":1,"b":"\\u00e9"}', '{"a":1,"b":"é"}\n']) {
    expect(reasonOf(() => parseCanonicalJson(Buffer.from(other), limits))).toBe('JSON_NOT_CANONICAL');
  }
});

const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__');
const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger().map((n) => n + 0), fc.string({ unit: 'grapheme' })),
    fc.array(tie('document'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(name, tie('document')), { maxLength: 5, selector: ([key]) => foldCase(key) })
      .map((members) => Object.fromEntries(members) as JsonValue),
  ),
}));

test('property: canonical bytes parse back to the same value and to the same bytes', () => {
  fc.assert(
    fc.property(document, (value) => {
      const bytes = canonicalize(value);
      expect(Buffer.from(canonicalize(parseCanonicalJson(bytes, limits))).equals(bytes)).toBe(true);
      expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('property: whatever is accepted, JSON.parse reads the same; nothing but a DomainError is thrown', () => {
  const noise = fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', 'u0041', '1', '-', '.', 'e', ' ', 'null'), { maxLength: 24 });
  let accepted = 0;
  fc.assert(
    fc.property(noise, (parts) => {
      const text = parts.join('');
      let value: JsonValue;
      try {
        value = parse(text);
      } catch (error) {
        expect((error as Error).name).toBe('DomainError');
        return;
      }
      accepted += 1;
      expect(value).toEqual(JSON.parse(text));
    }),
    { numRuns: 5000 },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('property: folding makes every character equal to its upper and lower case forms', () => {
  for (let code = 0; code < 0x1ffff; code += 1) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    if (foldCase(character) !== foldCase(character.toUpperCase())) throw new Error(code.toString(16));
    if (foldCase(character) !== foldCase(character.toLowerCase())) throw new Error(code.toString(16));
  }
});
