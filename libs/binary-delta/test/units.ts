import { hash } from 'node:crypto';
import fc from 'fast-check';
import { buildUnitIndex, type UnitIndex, type UnitSide } from '../src/compare/unit-index.js';
import { encodeLeaf, type Leaf } from '../src/leaf.js';

export interface TestUnit {
  readonly leaf: Leaf;
  readonly side: UnitSide;
}
export type TestUnits = ReadonlyMap<string, TestUnit>;
export type TestIndex = UnitIndex & { readonly artifactSha256: string };

export const LIFTER = { sha256: 'ab'.repeat(32), ruleset: 'test/1' };

/** A unit whose identities follow from `content`, as a lifter's do. */
export function testUnit(id: string, content: string, more: Partial<Leaf> = {}, side: Partial<UnitSide> = {}): TestUnit {
  const refs = more.refs ?? [];
  const digest = (kind: string, text: string): string => hash('sha256', `${kind} ${text}`);
  const leaf: Leaf = {
    e1: digest('e1', `${content} ${refs.join(' ')}`),
    id,
    kind: 'function',
    name: id.replace(/^fn:/, ''),
    refs,
    residual: 0,
    size: content.length,
    ...more,
  };
  return { leaf, side: { id, e2: digest('e2', content), shape: digest('shape', content), address: '0x1000', instructions: content.length, ...side } };
}

export function testUnits(...units: TestUnit[]): TestUnits {
  return new Map(units.map((unit) => [unit.leaf.id, unit]));
}

export function testIndex(name: string, units: TestUnits): TestIndex {
  const values = [...units.values()];
  const index = buildUnitIndex(values.map(({ leaf }) => encodeLeaf(leaf)), values.map(({ side }) => side), LIFTER);
  return { ...index, artifactSha256: hash('sha256', name) };
}

const content = fc.string({ minLength: 1, maxLength: 5 });
const kind = fc.constantFrom('function', 'function', 'data', 'metadata', 'header', 'residual' as const);

/** Two artifacts that share some units: each unit of the first is kept, changed, renamed or dropped; some are added. */
export const artifactPair: fc.Arbitrary<readonly [TestUnits, TestUnits]> = fc
  .array(
    fc.record({
      content,
      kind,
      residual: fc.nat(2),
      fate: fc.constantFrom('kept', 'kept', 'kept', 'changed', 'renamed', 'dropped', 'added'),
      other: content,
    }),
    { maxLength: 50 },
  )
  .map((entries) => {
    const before: TestUnit[] = [];
    const after: TestUnit[] = [];
    entries.forEach((entry, i) => {
      const make = (id: string, text: string): TestUnit => testUnit(id, text, { kind: entry.kind as Leaf['kind'], residual: entry.residual });
      const id = `fn:unit${i}`;
      if (entry.fate !== 'added') before.push(make(id, entry.content));
      if (entry.fate === 'kept') after.push(make(id, entry.content));
      if (entry.fate === 'changed') after.push(make(id, `${entry.other}!`));
      if (entry.fate === 'renamed') after.push(make(`fn:other${i}`, entry.content));
      if (entry.fate === 'added') after.push(make(id, entry.content));
    });
    return [testUnits(...before), testUnits(...after)] as const;
  });
