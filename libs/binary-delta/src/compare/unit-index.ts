import { DomainError } from '@stella/errors';
import type { LifterIdentity } from '../index-root.js';
import { buildMerkleSet } from '../merkle/build-set.js';
import type { MerkleSet } from '../merkle/merkle-set.js';

/** What a lift says about a unit beside its leaf: it proposes pairs and classes, and proves nothing. */
export interface UnitSide {
  readonly id: string;
  /** E1 and the callees' identities, hex. */
  readonly e2?: string;
  /** Hash of the normal form without what its references lead to. */
  readonly shape?: string;
  /**
   * Hash of the normal form without what variables hold at first: where two are equal and the places in `writable`
   * correspond, the code is the same and leads to the same things.
   */
  readonly code?: string;
  /** Hash of the normal form without references and constants. */
  readonly skeleton?: string;
  readonly address?: string;
  /** Ids of the functions it calls. */
  readonly calls?: readonly string[];
  /**
   * Addresses that no stable id names, in the order of the normal form's placeholders: writable data, and functions
   * without a name. Equal only under one bijection for the whole artifact.
   */
  readonly writable?: readonly string[];
  readonly unnamed?: readonly string[];
  /** MinHash over token n-grams; missing for the shortest functions. */
  readonly minHash?: readonly number[];
  readonly instructions?: number;
}

/** One side of a comparison. */
export interface UnitIndex {
  readonly set: MerkleSet;
  readonly sides: ReadonlyMap<string, UnitSide>;
  readonly lifter: LifterIdentity;
}

/** @throws INDEXES_NOT_COMPARABLE */
export function requireComparable(before: { readonly lifter: LifterIdentity }, after: { readonly lifter: LifterIdentity }): void {
  if (before.lifter.sha256 === after.lifter.sha256 && before.lifter.ruleset === after.lifter.ruleset) return;
  throw new DomainError('INDEXES_NOT_COMPARABLE', {
    oldLifter: before.lifter.sha256,
    newLifter: after.lifter.sha256,
    oldRuleset: before.lifter.ruleset,
    newRuleset: after.lifter.ruleset,
  });
}

/** Kinds whose leaves may leave references to the bijection: without their side record they could not be compared. */
const KINDS_WITH_SIDE: ReadonlySet<string> = new Set(['function', 'data', 'residual']);

/**
 * An index from what a lift gave.
 * @throws INDEX_INVALID when a unit lacks its side record; as buildMerkleSet
 */
export function buildUnitIndex(leaves: Iterable<Buffer>, sides: Iterable<UnitSide>, lifter: LifterIdentity): UnitIndex {
  const byId = new Map<string, UnitSide>();
  for (const side of sides) byId.set(side.id, side);
  const set = buildMerkleSet(leaves, ({ id, kind }) => {
    if (KINDS_WITH_SIDE.has(kind) && !byId.has(id)) throw new DomainError('INDEX_INVALID', { unitWithoutSide: id.slice(0, 200) });
  });
  return { set, sides: byId, lifter };
}
