import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMerkleSet, type Leaf, openSet, packSet, packSides, parseLeaf, spotCheck, type UnitSide, unpackSides } from '@stella/binary-delta';
import { INCIDENTS, type ReleaseName, resolveRelease } from '@stella/incidents';
import { lift, liftIndex, nativeExecutable } from '../src/index.js';
import { nativeIsHere } from '../src/testing/index.js';

const dir = mkdtempSync(join(tmpdir(), 'native-index-'));
afterAll(() => rmSync(dir, { recursive: true }));

const describeHere = nativeIsHere('packed indexes') ? describe : describe.skip;

/** What the verifiers' own implementation makes of the same lift. */
async function reference(path: string) {
  const units: Buffer[] = [];
  const sides: UnitSide[] = [];
  for await (const frame of lift(path)) {
    if (frame.kind === 'unit') units.push(frame.bytes);
    if (frame.kind === 'side') sides.push(...frame.sides);
  }
  const leaves: Leaf[] = [];
  const set = buildMerkleSet(units, (leaf) => leaves.push(leaf));
  return { set, leaves, packed: packSet(set), sides: packSides(sides) };
}

async function requireSame(path: string): Promise<void> {
  const [expected, lifted] = [await reference(path), await liftIndex(path)];
  // Not `toEqual`: it takes seconds for megabytes.
  expect([lifted.set.equals(expected.packed), lifted.sides.equals(expected.sides)]).toEqual([true, true]);
  expect([lifted.end.root, lifted.end.sums]).toEqual([expected.set.root.toString('hex'), expected.set.sums]);
  const kinds = Object.groupBy(expected.leaves, ({ kind }) => kind);
  expect(lifted.end.unitsByKind).toEqual(Object.fromEntries(Object.entries(kinds).map(([kind, { length }]) => [kind, length])));
  const e2 = new Map(unpackSides(lifted.sides).map((side) => [side.id, side.e2]));
  const functions = Array.from({ length: expected.set.size }, (_, rank) => expected.set.leaf(rank)).filter(({ kind }) => kind === 'function');
  expect(lifted.functions).toEqual(functions.map(({ id, name, e1, size }) => ({ unitId: id, name, e1, e2: e2.get(id), sizeBytes: size })));
  const view = openSet(lifted.set);
  spotCheck(view, Array.from({ length: view.size }, (_, rank) => rank).filter((rank) => rank % 37 === 0));
}

/** Names that JSON escapes, or orders otherwise than bytes do. */
const ODD = ['größe', 'quote"d', 'back\\slash', 'tab\tbed', 'line\nfeed', '\u0001', '\u2028', '\u{1f980}', '\uffee'];

/** A program of functions and data by the dozen, some under names that no compiler gives. */
function program(name: string, seed: number, flags: readonly string[]): string {
  const path = join(dir, `${name.replaceAll(/\W+/g, '-')}-${seed}`);
  const names = Array.from({ length: 60 }, (_, i) => `f${(seed * 7919 + i * 104_729) % 9_973}_${i}`);
  writeFileSync(`${path}.c`, source(names, seed));
  const renamed = ODD.flatMap((odd, i) => ['--redefine-sym', `${names[i * 6]}=${odd}`]);
  execFileSync('gcc', [...flags.filter((flag) => flag !== '-s' && flag !== '-shared'), '-c', '-o', `${path}.o`, `${path}.c`]);
  execFileSync('objcopy', [...renamed, `${path}.o`]);
  execFileSync('gcc', [...flags, '-o', path, `${path}.o`]);
  return path;
}

function source(names: readonly string[], seed: number): string {
  return [
    ...names.map((name) => `int ${name}(int);`),
    ...names.map((name, i) => `static const char text_${name}[] = "text ${i % 5} of ${seed}"; int var_${name} = ${i % 3};`),
    ...names.map((name, i) => `__attribute__((noinline, noipa)) int ${name}(int x) { var_${name} += x; return ${i > 0 ? `${names[i - 1]}(x) + ` : ''}text_${name}[x & 3] * ${(seed + i) % 4}; }`),
    `int main(int argc, char **argv) { (void)argv; return ${names.at(-1)}(argc); }`,
  ].join('\n');
}

describeHere('an index that the lifter makes is the one of the verifiers, byte for byte', () => {
  const releases: ReleaseName[] = INCIDENTS.flatMap(({ bad, good }) => [bad, good]);
  test.each(['esbuild', 'lua'] as const)('%s', async (program) => {
    for (const release of releases.filter((each) => each.program === program).slice(0, 2)) {
      const { program: path } = await resolveRelease(release, { cacheDir: join(tmpdir(), 'stella-test-incidents') });
      await requireSame(path);
    }
  }, 300_000);

  test.each([
    ['C', ['-O1'], true],
    ['C with tables and unwinding', ['-O2', '-no-pie'], false],
    ['C, stripped: functions without names', ['-O2', '-s'], true],
    ['a shared library', ['-O1', '-shared', '-fPIC'], false],
    ['a static program', ['-O1', '-static'], true],
  ])('generated %s', async (name, flags, other) => {
    for (const seed of [1, ...(other ? [2, 3] : [])]) await requireSame(program(name, seed, flags));
  }, 300_000);

  test('Rust: the lifter itself, and a program of this machine', async () => {
    for (const path of [nativeExecutable(), '/usr/bin/cat']) await requireSame(path);
  }, 300_000);
});

describeHere('an index that cannot be made', () => {
  test('is refused as its lift is', async () => {
    const text = join(dir, 'text');
    writeFileSync(text, 'no program');
    const refusals = await Promise.all([liftIndex(text), drained(text)].map((work) => work.then(() => undefined, (error: { reason: string; facts: object }) => ({ reason: error.reason, facts: { ...error.facts, command: '' } }))));
    expect(refusals[0]).toBeDefined();
    expect(refusals[0]).toEqual(refusals[1]);
  });
});

async function drained(path: string): Promise<void> {
  for await (const frame of lift(path)) if (frame.kind === 'unit') parseLeaf(frame.bytes);
}
