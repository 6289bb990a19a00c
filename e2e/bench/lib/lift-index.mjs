import { buildUnitIndex } from '@stella/binary-delta';
import { lift, nativeExecutable } from '@stella/native';
import { sha256OfFile } from '@stella/incidents';

let lifterSha256;

/** Lifts a file and builds its index, as `psdi` does before it stores one. */
export async function liftIndex(path) {
  lifterSha256 ??= await sha256OfFile(nativeExecutable());
  const units = [];
  const sides = [];
  let header;
  let end;
  for await (const frame of lift(path)) {
    if (frame.kind === 'unit') units.push(frame.bytes);
    else if (frame.kind === 'side') sides.push(...frame.sides);
    else if (frame.kind === 'header') header = frame.header;
    else end = frame.end;
  }
  if (header === undefined || end === undefined) throw new Error(`the lift of ${path} is cut`);
  return { header, end, index: buildUnitIndex(units, sides, { sha256: lifterSha256, ruleset: header.ruleset }) };
}
