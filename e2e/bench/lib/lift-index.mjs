import { randomInt } from 'node:crypto';
import { buildUnitIndex, openSet, spotCheck, unpackSet, unpackSides } from '@stella/binary-delta';
import { lift, liftIndex, nativeExecutable } from '@stella/native';
import { sha256OfFile } from '@stella/incidents';

/** As many as `psdi` looks at. */
const UNITS_SPOT_CHECKED = 64;

const lifterSha256 = await sha256OfFile(nativeExecutable());

/** Lifts a file to its packed index and checks it, as `psdi` does before it stores one. */
export async function liftPacked(path) {
  const lifted = await liftIndex(path);
  const set = openSet(lifted.set);
  if (set.root.toString('hex') !== lifted.end.root) throw new Error(`the index of ${path} has another root than it says`);
  spotCheck(set, Array.from({ length: UNITS_SPOT_CHECKED }, () => randomInt(set.size)));
  return lifted;
}

/** The index as it is compared. */
export function unpacked({ header, set, sides }) {
  return { set: unpackSet(set), sides: new Map(unpackSides(sides).map((side) => [side.id, side])), lifter: { sha256: lifterSha256, ruleset: header.ruleset } };
}

/** Lifts a file unit by unit and builds the index here, by the verifiers' own code: what trusts no index of the lifter. */
export async function liftAndBuild(path) {
  const units = [];
  const sides = [];
  let header;
  for await (const frame of lift(path)) {
    if (frame.kind === 'unit') units.push(frame.bytes);
    else if (frame.kind === 'side') sides.push(...frame.sides);
    else if (frame.kind === 'header') header = frame.header;
  }
  if (header === undefined) throw new Error(`the lift of ${path} is cut`);
  return buildUnitIndex(units, sides, { sha256: lifterSha256, ruleset: header.ruleset });
}
