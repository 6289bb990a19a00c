import fc from 'fast-check';
import { compareIndexes } from '../compare/compare-indexes.js';
import { type IndexRef, indexRef } from '../index-root.js';
import { artifactPair, type TestIndex, testIndex, testUnit, testUnits, type TestUnits } from '../../test/units.js';
import { auditSample } from './audit.js';
import { type DeltaProof, proveDelta } from './delta-proof.js';
import { verifyDeltaProof } from './verify-proof.js';

interface Made {
  readonly proof: DeltaProof;
  readonly refs: { readonly old: IndexRef; readonly new: IndexRef };
  readonly before: TestIndex;
  readonly after: TestIndex;
}

const refOf = (index: TestIndex): IndexRef => indexRef(index.set, index.artifactSha256, index.lifter);

function make(old: TestUnits, next: TestUnits): Made {
  const before = testIndex('old', old);
  const after = testIndex('new', next);
  return { proof: proveDelta(before, after, compareIndexes(before, after)), refs: { old: refOf(before), new: refOf(after) }, before, after };
}

/** As it comes out of a signed statement. */
const wire = (proof: DeltaProof): DeltaProof => JSON.parse(JSON.stringify(proof)) as DeltaProof;
const reasonOf = (proof: unknown, refs: Made['refs']): string => {
  const result = verifyDeltaProof(proof, refs);
  return result.ok ? 'ok' : result.reason;
};

const units = Array.from({ length: 60 }, (_, i) => testUnit(`fn:f${i}`, `body ${i}`, { kind: i % 7 === 0 ? 'data' : 'function' }));
const small = make(
  testUnits(...units, testUnit('fn:gone', 'gone')),
  testUnits(...units.map((unit, i) => (i % 20 === 3 ? testUnit(unit.leaf.id, `changed ${i}`) : unit)), testUnit('fn:fresh', 'fresh')),
);

test('a proof verifies and lists exactly what changed', () => {
  fc.assert(
    fc.property(artifactPair, ([old, next]) => {
      const { proof, refs } = make(old, next);
      const result = verifyDeltaProof(wire(proof), refs);
      if (!result.ok) throw new Error(`${result.reason} ${JSON.stringify(result.facts)}`);
      const differs = (a: TestUnits, b: TestUnits): string[] =>
        [...a].filter(([id, unit]) => JSON.stringify(unit.leaf) !== JSON.stringify(b.get(id)?.leaf)).map(([id]) => id).sort();
      expect(result.units.flatMap(({ old: leaf }) => (leaf === null ? [] : [leaf.id])).sort()).toEqual(differs(old, next));
      expect(result.units.flatMap(({ new: leaf }) => (leaf === null ? [] : [leaf.id])).sort()).toEqual(differs(next, old));
      expect(result.unlisted.units).toBe(old.size - differs(old, next).length);
    }),
    { numRuns: 300 },
  );
});

test('the same inputs give the same proof', () => {
  fc.assert(
    fc.property(artifactPair, ([old, next]) => {
      const shuffled = new Map([...old].reverse());
      expect(JSON.stringify(make(shuffled, new Map([...next].reverse())).proof)).toBe(JSON.stringify(make(old, next).proof));
    }),
    { numRuns: 50 },
  );
});

test('no member of a proof can be changed: every scalar, in its place, is bound', () => {
  expect(reasonOf(wire(small.proof), small.refs)).toBe('ok');
  let mutations = 0;
  const visit = (at: unknown, path: string[], set: (value: unknown) => void): void => {
    const isWord = path.includes('declared');
    if (typeof at === 'object' && at !== null) {
      for (const key of Object.keys(at)) visit((at as Record<string, unknown>)[key], [...path, key], (value) => {
        (at as Record<string, unknown>)[key] = value;
      });
      return;
    }
    const others: unknown[] = typeof at === 'number' ? [at + 1, -1, 0.5] : typeof at === 'string' ? [`${at}x`, at.slice(1), ''] : ['x', 0];
    for (const other of others) {
      if (isWord && typeof other === 'number' && Number.isInteger(other) && other >= 0) continue;
      set(other);
      expect([path.join('.'), other, reasonOf(copy, small.refs)]).not.toContain('ok');
      mutations++;
    }
    set(at);
  };
  const copy = wire(small.proof);
  visit(copy, [], () => undefined);
  expect(reasonOf(copy, small.refs)).toBe('ok');
  expect(mutations).toBeGreaterThan(100);
});

test('no bit of the frame can be changed', () => {
  const frame = Buffer.from(small.proof.frame, 'base64');
  fc.assert(
    fc.property(fc.nat(frame.length * 8 - 1), (bit) => {
      const bad = Buffer.from(frame);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      const reason = reasonOf({ ...wire(small.proof), frame: bad.toString('base64') }, small.refs);
      expect(['PROOF_FRAME_BROKEN', 'PROOF_OLD_ROOT_MISMATCH', 'PROOF_NEW_ROOT_MISMATCH', 'PROOF_COUNTS_FALSE']).toContain(reason);
    }),
    { numRuns: 500 },
  );
});

test('an omitted change is refused, with or without another frame', () => {
  const { proof, refs, before, after } = small;
  for (let index = 0; index < proof.units.length; index++) {
    const unit = proof.units[index] as DeltaProof['units'][number];
    const shorter = wire({ ...proof, units: proof.units.filter((_, i) => i !== index), counts: { ...proof.counts, [unit.class]: proof.counts[unit.class] - 1 } });
    expect(reasonOf(shorter, refs)).not.toBe('ok');
  }
  // The frame of two indexes that really lack the change: it leads to another root.
  const honest = compareIndexes(before, before);
  const none = proveDelta(before, before, honest);
  expect(reasonOf(wire({ ...none, new: proof.new }), refs)).toBe('PROOF_NEW_ROOT_MISMATCH');
  expect(() => proveDelta(before, after, { ...compareIndexes(before, after), units: [] })).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
});

test('swapped, duplicated and unordered leaves are refused', () => {
  const { proof, refs } = small;
  const [first, second, ...rest] = proof.units as [DeltaProof['units'][number], DeltaProof['units'][number]];
  expect(reasonOf(wire({ ...proof, units: [second, first, ...rest] }), refs)).toBe('PROOF_UNITS_UNORDERED');
  expect(reasonOf(wire({ ...proof, units: [first, first, second, ...rest] }), refs)).toBe('PROOF_UNITS_UNORDERED');
  const changed = proof.units.filter((unit) => unit.old !== null && unit.new !== null);
  const [a, b] = changed as [DeltaProof['units'][number], DeltaProof['units'][number]];
  const swapped = proof.units.map((unit) => (unit === a ? { ...a, new: b.new } : unit === b ? { ...b, new: a.new } : unit));
  expect(reasonOf(wire({ ...proof, units: swapped }), refs)).toBe('PROOF_CLASS_FALSE');
  const reversed = proof.units.map((unit) => (unit === a ? { ...a, old: a.new, new: a.old } : unit));
  expect(reasonOf(wire({ ...proof, units: reversed }), refs)).toBe('PROOF_OLD_ROOT_MISMATCH');
});

test('a leaf that is not in its form, and a table of references that is not in its one spelling, are refused', () => {
  const before = testUnits(testUnit('fn:f', 'f', { refs: ['fn:a', 'fn:b'] }));
  const { proof, refs } = make(before, testUnits(testUnit('fn:f', 'g', { refs: ['fn:b', 'fn:c'] })));
  expect(proof.references).toEqual(['fn:a', 'fn:b', 'fn:c']);
  const [unit] = proof.units;
  const withOld = (change: object): unknown => ({ ...wire(proof), units: [{ ...unit, old: { ...unit?.old, ...change } }] });
  expect(reasonOf(withOld({}), refs)).toBe('ok');
  for (const change of [{ kind: 'mystery' }, { e1: 'AB'.repeat(32) }, { size: -1 }, { size: 1.5 }, { refs: [1, 0] }, { refs: [0, 0] }, { id: '\ud800' }]) {
    expect(reasonOf(withOld(change), refs)).toBe('PROOF_LEAF_INVALID');
  }
  for (const change of [{ more: 1 }, { refs: [9] }, { refs: ['fn:a'] }, { refs: [-1] }, { refs: [0.5] }, { refs: 'fn:a' }]) {
    expect(reasonOf(withOld(change), refs)).toBe('PROOF_MALFORMED');
  }
  for (const references of [['fn:a', 'fn:b', 'fn:c', 'fn:d'], ['fn:b', 'fn:a', 'fn:c'], ['fn:a', 'fn:a', 'fn:c'], ['fn:a', 'fn:b'], 'fn:a']) {
    expect(reasonOf({ ...wire(proof), references }, refs)).toBe('PROOF_MALFORMED');
  }
  expect(reasonOf({ ...wire(proof), references: ['fn:a', 'fn:b', 'fn:d'] }, refs)).toBe('PROOF_NEW_ROOT_MISMATCH');
});

test('a falsified class is refused, and a declared one is said to be declared', () => {
  const before = testUnits(testUnit('fn:f', 'f', { refs: ['fn:a'] }), testUnit('fn:g', 'g'), testUnit('fn:a', 'a'), testUnit('fn:b', 'b'));
  const after = testUnits(testUnit('fn:f', 'f', { refs: ['fn:b'] }), testUnit('fn:g', 'h'), testUnit('fn:a', 'a'), testUnit('fn:b', 'b'));
  const { proof, refs } = make(before, after);
  const result = verifyDeltaProof(wire(proof), refs);
  if (!result.ok) throw new Error(result.reason);
  expect(result.units.map((unit) => [unit.old?.id, unit.class, unit.basis])).toEqual([
    ['fn:f', 'reference-only', 'declared'],
    ['fn:g', 'semantic', 'recomputed'],
  ]);
  for (const name of ['moved', 'data-only', 'metadata', 'added', 'removed', 'residual', 'header', 'reference-only']) {
    const lied = proof.units.map((unit) => (unit.class === 'semantic' ? { ...unit, class: name } : unit));
    expect(reasonOf({ ...wire(proof), units: lied }, refs)).toBe('PROOF_CLASS_FALSE');
  }
});

test('a proof about other indexes is refused', () => {
  const { proof, refs } = small;
  const other = 'cd'.repeat(32);
  expect(reasonOf(wire(proof), { ...refs, old: { ...refs.old, root: other } })).toBe('PROOF_INDEX_MISMATCH');
  expect(reasonOf(wire(proof), { ...refs, new: { ...refs.new, artifactSha256: other } })).toBe('PROOF_INDEX_MISMATCH');
  expect(reasonOf(wire(proof), { old: refs.new, new: refs.old })).toBe('PROOF_INDEX_MISMATCH');
  const lifted = { ...refs, old: { ...refs.old, lifter: { ...refs.old.lifter, ruleset: 'other' } } };
  expect(reasonOf(wire({ ...proof, old: lifted.old }), lifted)).toBe('PROOF_LIFTER_MISMATCH');
});

test('whatever is handed in is answered, not thrown', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => reasonOf(value, small.refs) === 'PROOF_MALFORMED'),
    { numRuns: 200 },
  );
});

test('an audit takes k unlisted units that only the nonce decides', () => {
  const listed = new Set(['fn:f3']);
  const sample = (nonce: string): string[] => auditSample(small.before.set, listed, Buffer.from(nonce), 10);
  expect(sample('a')).toEqual(sample('a'));
  expect(sample('a')).not.toEqual(sample('b'));
  expect(new Set(sample('a')).size).toBe(10);
  expect(auditSample(small.before.set, listed, Buffer.from('a'), 1000)).toHaveLength(small.before.set.size - 1);
  expect(auditSample(small.before.set, listed, Buffer.from('a'), 1000)).not.toContain('fn:f3');
});
