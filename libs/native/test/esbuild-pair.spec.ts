import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildUnitIndex,
  compareIndexes,
  coverageFault,
  type Delta,
  type DeltaProof,
  indexRef,
  type IndexRef,
  parseLeaf,
  proveDelta,
  type UnitIndex,
  verifyDeltaProof,
} from '@stella/binary-delta';
import { incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { lift, type LiftEnd, type LiftHeader, type LiftSide } from '../src/index.js';
import { nativeIsHere } from '../src/testing/index.js';

interface Lifted {
  readonly header: LiftHeader;
  readonly end: LiftEnd;
  readonly index: UnitIndex & { readonly artifactSha256: string };
  readonly ref: IndexRef;
  readonly ids: readonly string[];
}

async function liftRelease(which: 'bad' | 'good'): Promise<Lifted> {
  const { program } = await resolveRelease(incidentById('esbuild-3205')[which], { cacheDir: join(tmpdir(), 'stella-test-incidents') });
  const units: Buffer[] = [];
  const sides: LiftSide[] = [];
  let header: LiftHeader | undefined;
  let end: LiftEnd | undefined;
  for await (const frame of lift(program)) {
    if (frame.kind === 'header') header = frame.header;
    else if (frame.kind === 'unit') units.push(frame.bytes);
    else if (frame.kind === 'side') sides.push(...frame.sides);
    else end = frame.end;
  }
  if (header === undefined || end === undefined) throw new Error('the lift has no header or no end');
  const lifter = { sha256: 'ab'.repeat(32), ruleset: header.ruleset };
  const artifactSha256 = await sha256OfFile(program);
  const index = { ...buildUnitIndex(units, sides, lifter), artifactSha256 };
  return { header, end, index, ref: indexRef(index.set, artifactSha256, lifter), ids: units.map((bytes) => parseLeaf(bytes).id) };
}

const describeHere = nativeIsHere('esbuild pair') ? describe : describe.skip;

describeHere('esbuild 0.18.11 and 0.18.12', () => {
  let old: Lifted;
  let next: Lifted;
  let delta: Delta;
  let proof: DeltaProof;

  beforeAll(async () => {
    old = await liftRelease('bad');
    next = await liftRelease('good');
    delta = compareIndexes(old.index, next.index);
    proof = proveDelta(old.index, next.index, delta);
  }, 60_000);

  test('the lift says what the files are, and every loaded byte is in one unit', () => {
    expect(old.header).toMatchObject({ format: 'elf', arch: 'x86-64', toolchain: { name: 'go', version: 'go1.20.5' } });
    for (const { header, end, ref, ids } of [old, next]) {
      expect(end.units).toBe(ref.sums.units);
      expect(end.functions).toBeGreaterThan(6700);
      expect(ids.map((id) => Buffer.from(id)).every((id, i, all) => i === 0 || (all[i - 1] as Buffer).compare(id) < 0)).toBe(true);
      const totals = { loadedBytes: end.bytesLoaded, coveredBytes: end.bytesCovered, residualBytes: end.bytesResidual };
      expect(coverageFault({ sums: ref.sums, totals, artifactSizeBytes: header.sizeBytes })).toBeUndefined();
    }
  });

  test('the fixed function is among a handful of changed ones', () => {
    const functions = delta.units.filter((unit) => (unit.old ?? unit.new)?.leaf.kind === 'function');
    const semantic = functions.filter((unit) => ['semantic', 'added', 'removed', 'residual'].includes(unit.class));
    const names = semantic.map((unit) => (unit.old ?? unit.new)?.leaf.name);
    expect(names).toContain('github.com/evanw/esbuild/internal/js_parser.(*parser).parseTypeScriptEnumStmt');
    expect(names).toContain('github.com/evanw/esbuild/internal/resolver.resolverQuery.finalizeImportsExportsResult');
    expect(semantic.length).toBeLessThanOrEqual(10);
    expect(functions.length).toBeLessThanOrEqual(25);
    expect(delta.identicalUnits / old.ref.sums.units).toBeGreaterThan(0.99);
  });

  test('the proof verifies from its own text, within its size', () => {
    const text = JSON.stringify(proof);
    expect(text.length).toBeLessThanOrEqual(200_000);
    const result = verifyDeltaProof(JSON.parse(text), { old: old.ref, new: next.ref });
    if (!result.ok) throw new Error(`${result.reason} ${JSON.stringify(result.facts)}`);
    expect(result.unlisted.units).toBe(delta.identicalUnits);
    expect(result.units).toHaveLength(delta.units.length);
  });

  test('a proof that leaves out the fixed function does not', () => {
    const units = proof.units.filter((unit) => !unit.old?.name.endsWith('parseTypeScriptEnumStmt'));
    expect(units.length).toBeLessThan(proof.units.length);
    const result = verifyDeltaProof({ ...proof, units }, { old: old.ref, new: next.ref });
    expect(result.ok).toBe(false);
  });

  test('a second lift gives the same root', async () => {
    expect((await liftRelease('bad')).ref).toEqual(old.ref);
  }, 60_000);
});
