import fc from 'fast-check';
import { artifactPair, LIFTER, type TestUnit, testIndex, testUnit, testUnits } from '../../test/units.js';
import { encodeLeaf } from '../leaf.js';
import { compareIndexes, type Delta } from './compare-indexes.js';
import { buildUnitIndex } from './unit-index.js';

const delta = (before: TestUnit[], after: TestUnit[]): Delta =>
  compareIndexes(testIndex('old', testUnits(...before)), testIndex('new', testUnits(...after)));
const rows = (result: Delta): unknown[] =>
  result.units.map((unit) => [unit.old?.leaf.id ?? null, unit.new?.leaf.id ?? null, unit.class, unit.match]);

test('two equal indexes have an empty delta, whatever moved', () => {
  const unit = testUnit('fn:f', 'f');
  const result = delta([unit], [{ ...unit, side: { ...unit.side, address: '0x2000' } }]);
  expect(result).toEqual({ units: [], identicalUnits: 1, relocatedUnits: 1, bijectionSize: 0 });
});

test('every unit of both sides is listed once or identical', () => {
  fc.assert(
    fc.property(artifactPair, ([before, after]) => {
      const result = compareIndexes(testIndex('old', before), testIndex('new', after));
      const olds = result.units.flatMap((unit) => (unit.old === null ? [] : [unit.old.leaf.id]));
      const news = result.units.flatMap((unit) => (unit.new === null ? [] : [unit.new.leaf.id]));
      expect(new Set(olds).size).toBe(olds.length);
      expect(new Set(news).size).toBe(news.length);
      expect(olds.length + result.identicalUnits).toBe(before.size);
      expect(news.length + result.identicalUnits).toBe(after.size);
    }),
    { numRuns: 200 },
  );
});

test('classes of functions: references, constants, code', () => {
  const refs = ['fn:a'];
  const before = ['r', 'i', 's'].map((id) => testUnit(`fn:${id}`, 'body', { refs }, { skeleton: 'same' }));
  const after = [
    testUnit('fn:r', 'body', { refs: ['fn:b'] }, { skeleton: 'same' }),
    testUnit('fn:i', 'body 2', { refs }, { skeleton: 'same' }),
    testUnit('fn:s', 'body 2', { refs }, { skeleton: 'other' }),
  ];
  expect(rows(delta(before, after))).toEqual([
    ['fn:i', 'fn:i', 'immediate-drift', 'id'],
    ['fn:r', 'fn:r', 'reference-only', 'id'],
    ['fn:s', 'fn:s', 'semantic', 'id'],
  ]);
});

test('what is not resolved in a function is never a mere reference or constant', () => {
  const before = testUnit('fn:f', 'body', { refs: ['fn:a'], residual: 1 });
  expect(rows(delta([before], [testUnit('fn:f', 'body', { refs: ['fn:b'], residual: 1 })]))).toEqual([['fn:f', 'fn:f', 'semantic', 'id']]);
});

test('classes of what is not code', () => {
  const kinds = ['data', 'metadata', 'header', 'padding', 'residual'] as const;
  const make = (content: string): TestUnit[] => kinds.map((kind) => testUnit(`${kind}:x`, content, { kind }));
  expect(rows(delta(make('a'), make('b'))).map((row) => (row as string[])[2])).toEqual(['data-only', 'header', 'metadata', 'metadata', 'residual']);
});

test('a renamed unit with the same content is moved; one with other content is removed and added', () => {
  const before = [testUnit('fn:old-name', 'same'), testUnit('fn:gone', 'gone body', {}, { e2: 'x' })];
  const after = [testUnit('fn:new-name', 'same'), testUnit('fn:fresh', 'another thing')];
  expect(rows(delta(before, after))).toEqual([
    [null, 'fn:fresh', 'added', 'none'],
    ['fn:gone', null, 'removed', 'none'],
    ['fn:old-name', 'fn:new-name', 'moved', 'e2'],
  ]);
});

test('instantiations of one printed name are paired by content before their ordinals', () => {
  const name = 'sort[...]';
  const unit = (k: number, content: string): TestUnit => testUnit(`fn:${name}#${k}`, content, { name });
  const before = [unit(0, 'aa'), unit(1, 'bb'), unit(2, 'cc')];
  const after = [unit(0, 'new'), unit(1, 'aa'), unit(2, 'bb'), unit(3, 'cc')];
  expect(rows(delta(before, after)).filter((row) => (row as string[])[2] !== 'moved')).toEqual([[null, `fn:${name}#0`, 'added', 'none']]);
});

test('units of one normal form are paired in the order of their addresses, once neighbours had their say', () => {
  const twin = (id: string, address: string): TestUnit => testUnit(id, 'twin', { name: '' }, { e2: id, address });
  const before = [twin('fn#a', '0x900'), twin('fn#b', '0x1000'), twin('fn#c', '0x1100')];
  const after = [twin('fn#z', '0x2900'), twin('fn#y', '0x3000'), twin('fn#x', '0x3100')];
  expect(rows(delta(before, after))).toEqual([
    ['fn#a', 'fn#z', 'moved', 'e1'],
    ['fn#b', 'fn#y', 'moved', 'e1'],
    ['fn#c', 'fn#x', 'moved', 'e1'],
  ]);
  const callers = ['fn#a', 'fn#x'].map((calls) => testUnit('fn:caller', 'caller', {}, { calls: [calls] }));
  expect(rows(delta([...before, callers[0] as TestUnit], [...after, callers[1] as TestUnit]))).toContainEqual(['fn#a', 'fn#x', 'moved', 'neighbours']);
});

test('a unique candidate between matched neighbours is proposed, and never counts as equal', () => {
  const caller = testUnit('fn:main', 'main', {}, { calls: ['fn#old'] });
  const callerAfter = { ...caller, side: { ...caller.side, calls: ['fn#new'] } };
  const minHash = [1, 2, 3, 4];
  const old = testUnit('fn#old', 'before', { name: '' }, { minHash });
  const next = testUnit('fn#new', 'after!', { name: '' }, { minHash: [1, 2, 9, 9] });
  expect(rows(delta([caller, old], [callerAfter, next]))).toEqual([['fn#old', 'fn#new', 'semantic', 'neighbours']]);
  const stranger = testUnit('fn#new', 'after!', { name: '' }, { minHash: [9, 9, 9, 9] });
  expect(rows(delta([caller, old], [callerAfter, stranger]))).toHaveLength(2);
});

test('the fuzzy stage pairs the most alike, and leaves full buckets alone', () => {
  const fuzzy = (id: string, minHash: number[]): TestUnit => testUnit(id, id, { name: '' }, { minHash });
  const hash = [1, 2, 3, 4, 5, 6, 7, 8];
  const before = [fuzzy('fn#a', hash)];
  const after = [fuzzy('fn#b', [1, 2, 3, 4, 5, 6, 7, 9]), fuzzy('fn#c', [1, 2, 3, 4, 0, 0, 0, 0]), fuzzy('fn#d', [9, 9, 9, 9, 9, 9, 9, 9])];
  expect(rows(delta(before, after))).toEqual([
    ['fn#a', 'fn#b', 'semantic', 'fuzzy'],
    [null, 'fn#c', 'added', 'none'],
    [null, 'fn#d', 'added', 'none'],
  ]);
  const crowd = Array.from({ length: 65 }, (_, i) => fuzzy(`fn#crowd${i}`, hash));
  expect(delta(before, crowd).units.every((unit) => unit.match === 'none')).toBe(true);
});

test('placeholders must fit one bijection of the whole artifact: swapped variables are found', () => {
  const use = (id: string, writable: string[]): TestUnit => testUnit(id, 'load', {}, { writable });
  const before = [use('fn:a', ['0x10']), use('fn:b', ['0x10']), use('fn:c', ['0x20']), use('fn:d', ['0x20', '0x10'])];
  const moved = [use('fn:a', ['0x110']), use('fn:b', ['0x110']), use('fn:c', ['0x120']), use('fn:d', ['0x120', '0x110'])];
  expect(delta(before, moved)).toMatchObject({ units: [], bijectionSize: 2 });
  const swapped = [...moved.slice(0, 3), use('fn:d', ['0x110', '0x120'])];
  expect(rows(delta(before, swapped))).toEqual([['fn:d', 'fn:d', 'residual', 'id']]);
  const merged = [...moved.slice(0, 2), use('fn:c', ['0x110']), moved[3] as TestUnit];
  expect(rows(delta(before, merged))).toEqual([['fn:c', 'fn:c', 'residual', 'id']]);
  const shorter = [...moved.slice(0, 3), use('fn:d', ['0x120'])];
  expect(rows(delta(before, shorter))).toEqual([['fn:d', 'fn:d', 'residual', 'id']]);
});

test('indexes of different lifters, and units without a side record, are not compared', () => {
  const units = testUnits(testUnit('fn:f', 'f'));
  const index = testIndex('x', units);
  expect(() => compareIndexes(index, { ...index, lifter: { ...LIFTER, ruleset: 'other' } })).toThrow(
    expect.objectContaining({ reason: 'INDEXES_NOT_COMPARABLE' }),
  );
  const leaves = [...units.values()].map(({ leaf }) => encodeLeaf(leaf));
  expect(() => buildUnitIndex(leaves, [], LIFTER)).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
});

describe('functions whose variables hold something else at first', () => {
  const uses = (name: string, content: string, place: string, ref: string): TestUnit =>
    testUnit(`fn:${name}`, content, { refs: ref === '' ? [] : [ref] }, { shape: `shape ${name}`, code: `code ${name}`, writable: [place] });
  const variable = (id: string, address: string): TestUnit => testUnit(id, id, { kind: 'data' }, { address });
  const sameCode = (result: Delta): unknown[] => result.units.flatMap((unit) => (unit.sameCode === true ? [unit.old?.leaf.id] : []));
  // The variable moves to memory that is zero at first, which no unit holds.
  const before = [variable('var#1', '0x10'), ...['f', 'g', 'h'].map((name) => uses(name, `${name} 1`, '0x10', 'var#1')), uses('k', 'k', '0x20', '')];
  const after = (place: string): TestUnit[] => [...['f', 'g'].map((name) => uses(name, `${name} 0`, '0x90', '')), uses('h', 'h 0', place, ''), uses('k', 'k', '0xa0', '')];

  test('are the same code while all of them agree where it is', () => {
    expect(sameCode(delta(before, after('0x90')))).toEqual(['fn:f', 'fn:g', 'fn:h']);
  });

  test('one that is led elsewhere is not', () => {
    expect(sameCode(delta(before, after('0x91')))).toEqual(['fn:f', 'fn:g']);
    expect(sameCode(delta(before, after('0xa0')))).toEqual(['fn:f', 'fn:g']);
  });

  test('nor is one whose code is another', () => {
    const other = after('0x90').map((unit) => (unit.leaf.id === 'fn:h' ? { ...unit, side: { ...unit.side, code: 'other' } } : unit));
    expect(sameCode(delta(before, other))).toEqual(['fn:f', 'fn:g']);
  });
});

describe('variables that are alike', () => {
  const id = (k: number): string => `var#${'0'.repeat(32)}${k === 0 ? '' : `~${k}`}`;
  const pointer = (k: number, address: string, to: string): TestUnit => testUnit(id(k), 'pointer', { kind: 'data' }, { address, writable: [to] });
  const reader = (name: string, ...writable: string[]): TestUnit => testUnit(`fn:${name}`, name, {}, { writable });
  const before = [pointer(0, '0x10', '0x100'), pointer(1, '0x18', '0x200'), reader('f', '0x10', '0x100'), reader('g', '0x18', '0x200')];

  test('may change their order', () => {
    expect(delta(before, [pointer(0, '0x50', '0x600'), pointer(1, '0x58', '0x500'), reader('f', '0x58', '0x500'), reader('g', '0x50', '0x600')]).units).toEqual([]);
  });

  test('one fewer leaves the others as they are', () => {
    const less = delta([...before, pointer(2, '0x8', '0x300'), reader('h', '0x8', '0x300')], [pointer(0, '0x50', '0x500'), pointer(1, '0x58', '0x600'), reader('f', '0x50', '0x500'), reader('g', '0x58', '0x600')]);
    expect(rows(less)).toEqual([['fn:h', null, 'removed', 'none'], [id(2), null, 'removed', 'none']]);
  });

  test('what they lead to cannot be exchanged', () => {
    const swapped = delta(before, [pointer(0, '0x50', '0x600'), pointer(1, '0x58', '0x500'), reader('f', '0x50', '0x500'), reader('g', '0x58', '0x600')]);
    expect(rows(swapped).map((row) => (row as string[])[2])).toEqual(expect.arrayContaining(['residual']));
  });
});
