import type { ChangedUnit } from './delta-view.js';
import { unitId } from './delta-view.js';

/**
 * Units that hold no instruction and no operand: indexes of functions by address, line and inline tables, unwind indexes,
 * and the notes that name a build. They change whenever anything changes and mean nothing by themselves. The list is
 * closed; import and relocation tables, search paths, headers and build information are not on it.
 */
const CONSEQUENCES: ReadonlySet<string> = new Set([
  'go:findfunctab',
  'go:funcnametab',
  'go:inline-trees',
  'go:lines',
  'go:moduledata',
  'go:pclntab',
  'section:.eh_frame_hdr',
  'section:.gnu.hash',
  'section:.gopclntab',
  'section:.hash',
  'section:.note.gnu.build-id',
  'section:.note.go.buildid',
]);

export function isConsequence(unit: ChangedUnit): boolean {
  if (unit.kind === 'padding') return true;
  return unit.kind === 'metadata' && CONSEQUENCES.has(unitId(unit)) && hasOneId(unit);
}

function hasOneId(unit: ChangedUnit): boolean {
  return unit.baseline === undefined || unit.candidate === undefined || unit.baseline.id === unit.candidate.id;
}

/** What the linker writes about the toolchain and modules; it follows from a toolchain claim that holds. */
export function isBuildInfo(unit: ChangedUnit): boolean {
  return unit.kind === 'metadata' && unitId(unit) === 'section:.go.buildinfo' && hasOneId(unit);
}
