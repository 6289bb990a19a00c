import { refusal } from '@stella/testing';
import { canonicalize } from './canonical-json.js';

const text = (value: unknown) => Buffer.from(canonicalize(value)).toString();

test('sorts members by UTF-16 code units, at every level', () => {
  expect(text({ b: 1, a: { '\u{1f600}': 1, '\ufb33': 2, é: 3 }, A: 0 })).toBe(
    '{"A":0,"a":{"é":3,"\u{1f600}":1,"\ufb33":2},"b":1}',
  );
});

test('writes numbers as ECMAScript does (RFC 8785 section 3.2.2.3)', () => {
  expect(text([-0, 0, 1e21, 1e-7, 333333333.33333329, 4.5, 2e-3])).toBe('[0,0,1e+21,1e-7,333333333.3333333,4.5,0.002]');
});

test('escapes only what must be escaped', () => {
  expect(text('\u20ac$\u000f\nA\'B"\\\\"/\u007f')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"');
});

test('accepts objects with and without a prototype', () => {
  expect(text(Object.assign(Object.create(null) as object, { a: 1 }))).toBe('{"a":1}');
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

test.each<[string, unknown, string]>([
  ['undefined member', { a: [{ b: undefined }] }, '$.a[0].b'],
  ['hole in an array', [1, , 2], '$[1]'],
  ['bigint', { a: 1n }, '$.a'],
  ['function', [() => 1], '$[0]'],
  ['symbol', Symbol('x'), '$'],
  ['date', { at: new Date(0) }, '$.at'],
  ['map', new Map(), '$'],
  ['bytes', new Uint8Array(2), '$'],
  ['NaN', [Number.NaN], '$[0]'],
  ['infinity', [Number.POSITIVE_INFINITY], '$[0]'],
  ['lone surrogate', ['\ud800'], '$[0]'],
  ['lone surrogate in a name', { '\udc00': 1 }, '$'],
])('refuses %s', (_what, value, path) => {
  const { reason, facts } = refusal(() => canonicalize(value));
  expect({ reason, path: facts['path'] }).toEqual({ reason: 'JSON_NOT_ENCODABLE', path });
});

test('a cycle ends at the depth limit', () => {
  expect(refusal(() => canonicalize(cycle)).facts['problem']).toBe('nested too deeply');
});

test('members in order or not, names like numbers, toJSON on a prototype: the same form as member by member', () => {
  const names = ['', '0', '1', '10', '9', 'a', 'A', 'ab', 'é', '\ufb33', '\u{1f600}', 'toString', 'constructor'];
  const values = [0, -0, 1e21, 1e-7, 'x\u2028"', null, true, [], [1, [2]], {}, { b: 1, a: [{ d: 1, c: 2 }] }];
  const expected = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(expected).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => `${JSON.stringify(name)}:${expected(member)}`).join(',')}}`;
  };
  for (const [first, ...rest] of names.flatMap((name) => names.map((other) => [name, other, 'm']))) {
    const members = Object.fromEntries([first, ...rest].map((name, index) => [name, values[(index + (first ?? '').length + rest.join().length) % values.length]]));
    expect(text(members)).toBe(expected(members));
    // Canonical JSON that was parsed and encoded again is what it was.
    expect(text(JSON.parse(text(members)))).toBe(text(members));
  }
  const odd = Object.create(Object.assign(Object.create(null), { toJSON: () => 'other' })) as Record<string, unknown>;
  odd['b'] = 1;
  expect(text(odd)).toBe('{"b":1}');
});
