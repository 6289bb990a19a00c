import type { ChangedUnit } from './delta-view.js';
import { unitId } from './delta-view.js';

/**
 * Units that hold no instruction and no operand: indexes of functions by address, line and inline tables, unwind indexes,
 * and the notes that name a build. They change whenever anything changes and mean nothing by themselves. The list is
 * closed; import and relocation tables, search paths, headers and build information are not on it.
 */
const CONSEQUENCES: ReadonlySet<string> = new Set([
  'go:findfunctab',
  'go:gopclntab',
  'go:inline-trees',
  'go:moduledata',
  'section:.eh_frame_hdr',
  'section:.gnu.hash',
  'section:.hash',
  'section:.note.gnu.build-id',
  'section:.note.go.buildid',
]);

export function isConsequence(unit: ChangedUnit): boolean {
  if (unit.kind === 'padding') return true;
  const id = unitId(unit);
  return unit.kind === 'metadata' && (CONSEQUENCES.has(id) || id.startsWith(LINES)) && hasOneId(unit);
}

/** Line tables of a package. */
const LINES = 'lines:';

function hasOneId(unit: ChangedUnit): boolean {
  return unit.baseline === undefined || unit.candidate === undefined || unit.baseline.id === unit.candidate.id;
}

/**
 * What the linker writes about toolchain, modules and the sources' revision. It follows from the rest as long as the
 * toolchain is the same or its patch release is claimed: what another module brings changes functions, too.
 */
export function isBuildInfo(unit: ChangedUnit): boolean {
  return BUILD_INFO.get(unitId(unit)) === unit.kind && hasOneId(unit);
}

/** Where the Go linker writes it: a section, and a string with the variable that holds it. */
const BUILD_INFO: ReadonlyMap<string, string> = new Map([
  ['section:.go.buildinfo', 'metadata'],
  ['go:modinfo', 'data'],
  ['go:modinfo-variable', 'data'],
]);
