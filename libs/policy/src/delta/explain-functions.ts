import { covers, namesExactly, owners } from '../claim/covers.js';
import { goPackage } from '../claim/go-names.js';
import { isGoStandardLibrary } from '../claim/go-standard-library.js';
import type { Pattern } from '../claim/pattern.js';
import { claimableName, unitId, type ChangedUnit, type DeltaView } from './delta-view.js';

/** A `changes` claim on code, with its place among the release's claims. */
export interface CodeClaim {
  readonly index: number;
  readonly pattern: Pattern;
}

export interface FunctionClaims {
  readonly code: readonly CodeClaim[];
  /** A proved toolchain claim of a patch release. */
  readonly toolchainIndex?: number;
}

/** Claims that cover a changed function, by their index; empty: none does. */
export function claimsOfFunction(unit: ChangedUnit, view: DeltaView, baselineNames: ReadonlySet<string>, claims: FunctionClaims): number[] {
  const name = claimableName(unit);
  if (name === undefined) return [];
  const found = claims.code.filter(({ pattern }) => coversFunction(pattern, name, unit, view, baselineNames)).map(({ index }) => index);
  if (claims.toolchainIndex !== undefined && belongsToToolchain(name, view)) found.push(claims.toolchainIndex);
  return found;
}

function coversFunction(pattern: Pattern, name: string, unit: ChangedUnit, view: DeltaView, baselineNames: ReadonlySet<string>): boolean {
  if (unit.baseline !== undefined) {
    // Who is said to be the same under another name may be somebody else: the claim has to speak of both.
    const other = unit.candidate?.name ?? name;
    return covers(pattern, name, view.baseline) && (other === name || covers(pattern, other, view.candidate));
  }
  if (namesExactly(pattern, name, view.candidate)) return true;
  // A closure has no name of its own in the source: it is its function's, which the baseline has or the claim names.
  return owners(name, view.candidate).some(
    (owner) => namesExactly(pattern, owner, view.candidate) || (baselineNames.has(owner) && covers(pattern, owner, view.baseline)),
  );
}

/** Whether the claim on a patch release speaks of this symbol. What a program's modules hold is never the toolchain's. */
export function belongsToToolchain(name: string, view: DeltaView): boolean {
  if (view.baseline.language !== 'go' || view.candidate.language !== 'go') return false;
  return isGoStandardLibrary(name, [...view.baseline.modulePaths, ...view.candidate.modulePaths]);
}

/** Claims on a unit that is no function: by its exact id, by its symbol, or by the package of the type that it describes. */
export function claimsOfUnit(unit: ChangedUnit, view: DeltaView, claims: FunctionClaims): number[] {
  const { code, toolchainIndex } = claims;
  const initialiser = initialiserOf(unit);
  if (initialiser !== undefined) return [...exactIds(unit, code), ...claimsOfInitialiser(initialiser, unit, view, claims)];
  const name = claimableName(unit);
  const found = code.filter(({ pattern }) => {
    if (pattern.exact && pattern.text === unitId(unit)) return true;
    if (name === undefined || unit.kind !== 'data') return false;
    if (unit.baseline === undefined) return namesExactly(pattern, name, view.candidate);
    return covers(pattern, name, view.baseline) || describesTypeOf(name, view, (type) => covers(pattern, type, view.baseline));
  });
  const indexes = found.map(({ index }) => index);
  const ofToolchain = toolchainIndex !== undefined && name !== undefined && unit.baseline !== undefined && unit.kind === 'data';
  if (ofToolchain && describesTypeOf(name, view, (type) => belongsToToolchain(type, view))) indexes.push(toolchainIndex);
  return indexes;
}

function exactIds(unit: ChangedUnit, code: readonly CodeClaim[]): number[] {
  return code.filter(({ pattern }) => pattern.exact && pattern.text === unitId(unit)).map(({ index }) => index);
}

/** The record of a package's initialisation is part of its initialiser. */
const INITIALISATION = 'go:inittask:';

function initialiserOf(unit: ChangedUnit): string | undefined {
  const id = unitId(unit);
  return unit.kind === 'metadata' && id.startsWith(INITIALISATION) ? `${id.slice(INITIALISATION.length)}.init` : undefined;
}

function claimsOfInitialiser(name: string, unit: ChangedUnit, view: DeltaView, { code, toolchainIndex }: FunctionClaims): number[] {
  const found = code.filter(({ pattern }) => (unit.baseline === undefined ? namesExactly(pattern, name, view.candidate) : covers(pattern, name, view.baseline)));
  const indexes = found.map(({ index }) => index);
  if (toolchainIndex !== undefined && belongsToToolchain(name, view)) indexes.push(toolchainIndex);
  return indexes;
}

// Go's type descriptors and interface tables name a type by the last element of its package's path only.
const TYPE_NAME = /^(?:type|itab):(?:\*|\[\d*\])*(?<qualifier>[A-Za-z_][A-Za-z0-9_]*)\.(?<type>[A-Za-z_][A-Za-z0-9_]*)/;

/** Whether every type of the baseline that the descriptor's name can mean is one of these; types as `path.Type`. */
function describesTypeOf(name: string, view: DeltaView, isOne: (type: string) => boolean): boolean {
  const groups = view.baseline.language === 'go' ? TYPE_NAME.exec(name)?.groups : undefined;
  if (groups === undefined) return false;
  const paths = [...packagesOf(view)].filter((path) => path.slice(path.lastIndexOf('/') + 1) === groups.qualifier);
  return paths.length > 0 && paths.every((path) => isOne(`${path}.${groups.type ?? ''}`));
}

const packages = new WeakMap<readonly string[], ReadonlySet<string>>();

function packagesOf({ baselineFunctions }: DeltaView): ReadonlySet<string> {
  const known = packages.get(baselineFunctions);
  if (known !== undefined) return known;
  const found = new Set(baselineFunctions.map((name) => goPackage(name)).filter((path) => path !== undefined));
  packages.set(baselineFunctions, found);
  return found;
}
