import { parseClaim } from '../claim/parse-claim.js';
import { fn, MODULE, side, unit, view } from '../../test/support/delta-builder.js';
import { coverDelta, describeUnexplained } from './coverage.js';
import type { ChangedUnit, DeltaView } from './delta-view.js';

function unexplained(delta: DeltaView, ...sentences: string[]): string[] {
  const coverage = coverDelta(delta, sentences.map((sentence) => parseClaim(sentence)));
  return coverage.unexplained.map((found) => `${describeUnexplained(found).unitId}: ${describeUnexplained(found).why}`);
}

const TOOLCHAIN = 'toolchain go1.20.10 -> go1.20.12';
const bumped = (changes: ChangedUnit[]): DeltaView => {
  const delta = view(changes);
  return { ...delta, candidate: { ...delta.candidate, toolchain: 'go1.20.12' } };
};
const id = (letter: string): string => `var#${letter.repeat(32)}`;
const variable = (letter: string, change: 'added' | 'removed' = 'removed', refs: string[] = []): ChangedUnit => unit('data', change, id(letter), { refs });
/** It refers to variables that are elsewhere now. */
const moved = (name: string, ...letters: string[]): ChangedUnit => fn(name, 'reference-only', { refs: letters.map(id), candidateRefs: [] });
const same = (unit: ChangedUnit): ChangedUnit => ({ ...unit, sameCode: true });
const PARSE = `${MODULE}/parser.(*parser).parse`;
const READ = `fn:${MODULE}/printer.Flush`;

describe('variables of the standard library', () => {
  test('are those that its functions refer to, with what they point at, whoever else sees them', () => {
    const changes = [variable('e', 'removed', [id('f')]), variable('f'), moved('bufio.(*Reader).Read', 'e'), same(moved(`${MODULE}/printer.Flush`, 'e'))];
    expect(unexplained(bumped(changes), TOOLCHAIN)).toEqual([]);
    expect(unexplained(bumped(changes), 'changes parser')).toHaveLength(4);
  });

  test('the program’s own are not, though a claim on the toolchain covers all else', () => {
    const changes = [variable('e'), moved('bufio.(*Reader).Read', 'e'), variable('a'), same(moved(`${MODULE}/printer.Flush`, 'a', 'e'))];
    expect(unexplained(bumped(changes), TOOLCHAIN)).toEqual([`${id('a')}: REFERRED_TO_BY_UNCHANGED`, `${READ}: NOT_CLAIMED`]);
    expect(unexplained(bumped(changes), TOOLCHAIN, `changes ${id('a')}`)).toEqual([]);
  });

  test('on each side: what takes its place has to be its own, too', () => {
    const exchanged: ChangedUnit = { kind: 'data', change: 'data-only', baseline: side(id('e'), ''), candidate: side(id('a'), '') };
    const reads = fn('bufio.(*Reader).Read', 'reference-only', { refs: [id('e')], candidateRefs: [] });
    expect(unexplained(bumped([exchanged, reads]), TOOLCHAIN)).toHaveLength(1);
  });

  test('of variables that are alike none is, while the program refers to one of them', () => {
    const changes = [variable('e'), unit('data', 'removed', `${id('e')}~1`), moved('bufio.(*Reader).Read', 'e')];
    expect(unexplained(bumped(changes), TOOLCHAIN)).toEqual([]);
    expect(unexplained(bumped([...changes, same(moved(`${MODULE}/printer.Flush`, 'e'))]), TOOLCHAIN)).toHaveLength(3);
  });

  test('a name that only looks like the standard library’s owns nothing', () => {
    expect(unexplained(bumped([variable('e'), moved('example.org/io.Read', 'e')]), TOOLCHAIN)).toHaveLength(2);
  });
});

describe('functions of the same code', () => {
  test('follow variables that are explained, and need no claim', () => {
    const coverage = coverDelta(bumped([variable('e'), moved('io.Copy', 'e'), same(moved(PARSE, 'e'))]), [parseClaim(TOOLCHAIN)]);
    expect(coverage.units.find(({ unit: { kind, sameCode } }) => kind === 'function' && sameCode === true)).toMatchObject({ consequence: true });
  });

  test('the same references without the same code need one', () => {
    expect(unexplained(bumped([variable('e'), moved('io.Copy', 'e'), moved(PARSE, 'e')]), TOOLCHAIN)).toEqual([`fn:${PARSE}: NOT_CLAIMED`]);
  });

  test('explain nothing themselves: neither variables nor each other', () => {
    const changes = [variable('a'), same(moved(PARSE, 'a')), same(moved(`${MODULE}/printer.Flush`, 'a'))];
    expect(unexplained(view(changes), 'changes printer.Print')).toHaveLength(3);
  });

  test('a claimed function does not account for a variable that unchanged code sees, too', () => {
    const changes = [variable('a'), fn(PARSE, 'semantic', { refs: [id('a')], candidateRefs: [] }), same(moved(`${MODULE}/printer.Flush`, 'a'))];
    expect(unexplained(view(changes), 'changes parser')).toEqual([`${id('a')}: REFERRED_TO_BY_UNCHANGED`, `${READ}: NOT_CLAIMED`]);
  });

  test('a reference to what did not change is followed by nothing', () => {
    expect(unexplained(bumped([variable('e'), moved('io.Copy', 'e'), same(moved(PARSE, 'e', 'b'))]), TOOLCHAIN)).toEqual([`fn:${PARSE}: NOT_CLAIMED`]);
  });
});

describe('indexes', () => {
  const index = (name: string, refs: string[], candidateRefs: string[]): ChangedUnit => ({ ...unit('metadata', 'metadata', name, { refs, candidateRefs }), sameContent: true });
  const task = (path: string, refs: string[] = [], candidateRefs: string[] = []): ChangedUnit => index(`go:inittask:${path}`, refs, candidateRefs);

  test('a package may come after one of the standard library that has begun to initialise itself', () => {
    const changes = [unit('metadata', 'added', 'go:inittask:io'), task(`${MODULE}/parser`, [], ['go:inittask:io'])];
    expect(unexplained(bumped(changes), TOOLCHAIN)).toEqual([]);
    expect(unexplained(bumped(changes), 'changes printer')).toHaveLength(2);
  });

  test('not after another of its own, nor no longer after one that is still there', () => {
    const own = `${MODULE}/printer`;
    expect(unexplained(bumped([task(`${MODULE}/parser`, [], [`go:inittask:${own}`])]), TOOLCHAIN)).toHaveLength(1);
    expect(unexplained(bumped([task(`${MODULE}/parser`, ['go:inittask:io'], [])]), TOOLCHAIN)).toHaveLength(1);
  });

  test('other functions of initialisation are claimed as the initialiser', () => {
    const other = { ...task(`${MODULE}/parser`, ['fn:x'], ['fn:y']), sameContent: undefined } as unknown as ChangedUnit;
    expect(unexplained(bumped([other]), TOOLCHAIN)).toHaveLength(1);
    expect(unexplained(bumped([other]), TOOLCHAIN, 'changes parser.init')).toEqual([]);
  });

  test('those that only explain each other stay unexplained', () => {
    const circle = [task(`${MODULE}/a`, [], [`go:inittask:${MODULE}/b`]), task(`${MODULE}/b`, [], [`go:inittask:${MODULE}/a`])];
    expect(unexplained(bumped(circle), TOOLCHAIN)).toHaveLength(2);
  });

  test('the list of types follows types that are explained', () => {
    const type = unit('data', 'added', 'type:struct { x int }/0a1b2c3d');
    const list = index('go:typelink', [], ['type:struct { x int }/0a1b2c3d']);
    const user = fn(PARSE, 'semantic', { refs: [], candidateRefs: ['type:struct { x int }/0a1b2c3d'] });
    expect(unexplained(view([type, list, user]), 'changes parser')).toEqual([]);
    expect(unexplained(view([type, list, user]), 'changes printer')).toHaveLength(3);
    expect(unexplained(view([list, user]), 'changes parser')).toEqual(['go:typelink: NOT_CLAIMED']);
  });
});
