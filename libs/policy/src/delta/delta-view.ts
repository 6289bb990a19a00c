import type { UnitClass, UnitKind } from '@stella/binary-delta';

/** How a unit of the candidate stands to the baseline. `identical` units are not listed. */
export type UnitChange = UnitClass;
export type { UnitKind };

/** One side of a changed unit. */
export interface UnitSide {
  readonly id: string;
  readonly name: string;
  /** A name that a symbol pack brought proves nothing about what the release's author built. */
  readonly nameOrigin: 'artifact' | 'pack' | 'none';
  readonly refs: readonly string[];
}

/** A unit that is not identical; at least one side is there. */
export interface ChangedUnit {
  readonly change: UnitChange;
  readonly kind: UnitKind;
  readonly baseline?: UnitSide;
  readonly candidate?: UnitSide;
  /** A function's code and the places that it leads to are the same; what variables there hold at first is not. */
  readonly sameCode?: true;
  /** Normal form equal and fully resolved: only who is referred to differs. */
  readonly sameContent?: true;
}

/** What is known of how an artifact was built; undefined members are not known. */
export interface BuildView {
  /** As a toolchain claim names it, e.g. `go1.20.10`. */
  readonly toolchain?: string;
  readonly language: 'go' | 'other';
  /** Go: the main module's path. */
  readonly modulePath?: string;
  /** Go: the main module's and every dependency's path. */
  readonly modulePaths: readonly string[];
}

/** All of a delta that claims are held against. */
export interface DeltaView {
  readonly baseline: BuildView;
  readonly candidate: BuildView;
  readonly changes: readonly ChangedUnit[];
  /** Name of every function of the baseline, as the artifact has it; empty names are functions without one. */
  readonly baselineFunctions: readonly string[];
  /** Path of the artifact inside the release, for claims on files. */
  readonly filePath?: string;
  /**
   * How many units that are not listed refer to a unit that kept its id and changed, by that id. Not listed here: not
   * known, and then such a change is not explained by who refers to it.
   */
  readonly unlistedReferrers?: ReadonlyMap<string, number>;
}

/** The name under which a claim may cover the unit: the baseline's, if there is one; never one of a pack. */
export function claimableName(unit: ChangedUnit): string | undefined {
  const side = unit.baseline ?? unit.candidate;
  return side === undefined || side.nameOrigin !== 'artifact' || side.name === '' ? undefined : side.name;
}

export function unitId(unit: ChangedUnit): string {
  return unit.baseline?.id ?? unit.candidate?.id ?? '';
}
