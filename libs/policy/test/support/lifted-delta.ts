import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import {
  buildUnitIndex,
  compareIndexes,
  indexRef,
  type IndexRef,
  type Leaf,
  parseLeaf,
  proveDelta,
  type UnitIndex,
  verifyDeltaProof,
} from '@stella/binary-delta';
import { lift, type LiftHeader, type LiftSide } from '@stella/native';
import { buildDeltaScope, checkDeltaScope, coverDelta, type Coverage, type DeltaView, describeUnexplained, parseClaim, viewFromProof } from '../../src/index.js';

export interface Lifted {
  readonly path: string;
  readonly bytes: Buffer;
  readonly index: UnitIndex & { readonly artifactSha256: string };
  readonly ref: IndexRef;
  readonly header: LiftHeader;
  readonly leaves: readonly Leaf[];
  readonly sides: ReadonlyMap<string, LiftSide>;
}

export async function liftFile(path: string): Promise<Lifted> {
  const units: Buffer[] = [];
  const sides: LiftSide[] = [];
  let header: LiftHeader | undefined;
  for await (const frame of lift(path)) {
    if (frame.kind === 'header') header = frame.header;
    else if (frame.kind === 'unit') units.push(frame.bytes);
    else if (frame.kind === 'side') sides.push(...frame.sides);
  }
  if (header === undefined) throw new Error('the lift has no header');
  const bytes = await readFile(path);
  const lifter = { sha256: 'ab'.repeat(32), ruleset: header.ruleset };
  const artifactSha256 = createHash('sha256').update(bytes).digest('hex');
  const index = { ...buildUnitIndex(units, sides, lifter), artifactSha256 };
  const ref = indexRef(index.set, artifactSha256, lifter);
  return { path, bytes, index, ref, header, leaves: units.map(parseLeaf), sides: new Map(sides.map((side) => [side.id, side])) };
}

/** What claims are held against, by way of a proof and a scope as they are sent. */
export function deltaView(before: Lifted, after: Lifted): DeltaView {
  const delta = compareIndexes(before.index, after.index);
  const proof = verifyDeltaProof(JSON.parse(JSON.stringify(proveDelta(before.index, after.index, delta))), { old: before.ref, new: after.ref });
  if (!proof.ok) throw new Error(proof.reason);
  const scope = checkDeltaScope(JSON.parse(JSON.stringify(buildDeltaScope(before.index, after.index, delta, [...modulePaths(before), ...modulePaths(after)]))));
  return viewFromProof(proof.units, {
    baseline: { root: before.ref.root, toolchain: toolchain(before) },
    candidate: { root: after.ref.root, toolchain: toolchain(after) },
    scope,
  });
}

function modulePaths({ header: { goBuildInfo } }: Lifted): string[] {
  return [goBuildInfo?.main?.path, ...(goBuildInfo?.dependencies ?? []).map(({ path }) => path)].filter((path) => path !== undefined);
}

function toolchain({ header }: Lifted): Parameters<typeof viewFromProof>[1]['baseline']['toolchain'] {
  return {
    name: header.toolchain?.name ?? '',
    version: header.toolchain?.version ?? '',
    gnuBuildId: '',
    goBuildId: '',
    goVersion: header.goBuildInfo?.goVersion ?? '',
    mainModule: header.goBuildInfo?.main?.path ?? '',
  };
}

export function cover(view: DeltaView, claims: readonly string[]): Coverage {
  return coverDelta(view, claims.map(parseClaim));
}

/** Ids of what stays unexplained. */
export function unexplainedIds(view: DeltaView, claims: readonly string[]): string[] {
  return cover(view, claims).unexplained.map((unit) => describeUnexplained(unit).unitId);
}
