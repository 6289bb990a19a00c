import { covers, namesExactly, owners } from '../claim/covers.js';
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
  if (unit.baseline !== undefined) return covers(pattern, name, view.baseline);
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

/** Exact claims on a unit that is no function: by its id, which has no wildcard to hide behind, or by its symbol. */
export function claimsOfUnit(unit: ChangedUnit, view: DeltaView, claims: readonly CodeClaim[]): number[] {
  const name = claimableName(unit);
  return claims
    .filter(({ pattern }) => {
      if (pattern.exact && pattern.text === unitId(unit)) return true;
      if (name === undefined || unit.kind !== 'data') return false;
      return unit.baseline === undefined ? namesExactly(pattern, name, view.candidate) : covers(pattern, name, view.baseline);
    })
    .map(({ index }) => index);
}
