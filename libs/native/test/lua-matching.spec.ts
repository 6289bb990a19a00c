import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildUnitIndex, compareIndexes, type Match, type UnitIndex } from '@stella/binary-delta';
import { incidentById, type ReleaseName, resolveRelease } from '@stella/incidents';
import { lift, type LiftSide } from '../src/index.js';
import { nativeIsHere } from '../src/testing/index.js';

interface Release {
  readonly index: UnitIndex;
  /** The truth that was stripped: names by address. */
  readonly names: ReadonlyMap<string, string>;
}

async function load(release: ReleaseName): Promise<Release> {
  const { program, debug } = await resolveRelease(release, { cacheDir: join(tmpdir(), 'stella-test-incidents') });
  const units: Buffer[] = [];
  const sides: LiftSide[] = [];
  for await (const frame of lift(program)) {
    if (frame.kind === 'unit') units.push(frame.bytes);
    if (frame.kind === 'side') sides.push(...frame.sides);
  }
  const index = buildUnitIndex(units, sides, { sha256: 'ab'.repeat(32), ruleset: 'as lifted' });
  const rows = execFileSync('nm', [debug as string], { encoding: 'utf8' }).split('\n').map((row) => row.split(' '));
  const functions = rows.filter(([, type]) => type === 't' || type === 'T');
  return { index, names: new Map(functions.map(([address, , name]) => [`0x${BigInt(`0x${address}`).toString(16)}`, plain(name)])) };
}

/** Without what the compiler adds to the name of a clone. */
function plain(name = ''): string {
  return name.replace(/\.(isra|part|constprop|cold)(\.\d+)?/g, '');
}

const testHere = nativeIsHere('matching of a stripped program') ? test : test.skip;

testHere('functions of a stripped program are matched with their next version: certain stages never wrong', async () => {
  const { bad, good } = incidentById('lua-CVE-2020-24370');
  const [old, next] = [await load(bad), await load(good)];
  const right: Partial<Record<Match, number>> = {};
  const wrong: Partial<Record<Match, number>> = {};
  const count = (match: Match, a: string | undefined, b: string | undefined): void => {
    const name = old.names.get(a ?? '');
    const tally = name !== undefined && name === next.names.get(b ?? '') ? right : wrong;
    tally[match] = (tally[match] ?? 0) + 1;
  };
  const delta = compareIndexes(old.index, next.index);
  const listed = new Set(delta.units.map((unit) => unit.old?.leaf.id));
  for (const [id, side] of old.index.sides) {
    if (id.startsWith('fn') && !listed.has(id)) count('id', side.address, next.index.sides.get(id)?.address);
  }
  for (const { old: a, new: b, match } of delta.units) {
    if (a?.leaf.kind === 'function' && b !== null) count(match, a.side.address, b.side.address);
  }
  const sum = (tally: typeof right): number => Object.values(tally).reduce((total, n) => total + n, 0);
  const newNames = new Set(next.names.values());
  const inBoth = new Set([...old.names.values()].filter((name) => newNames.has(name))).size;
  expect([wrong.id, wrong.name, wrong.e2, wrong.e1]).toEqual([undefined, undefined, undefined, undefined]);
  expect(inBoth).toBeGreaterThan(600);
  expect(sum(right) / (sum(right) + sum(wrong))).toBeGreaterThan(0.98);
  expect(sum(right) / inBoth).toBeGreaterThan(0.9);
}, 120_000);
