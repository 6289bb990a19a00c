import type { Delta, DeltaUnit } from '../compare/compare-indexes.js';
import type { UnitIndex } from '../compare/unit-index.js';
import { type IndexRef, indexRef } from '../index-root.js';
import type { Leaf } from '../leaf.js';
import type { Sums } from '../merkle/sums.js';
import { writeSharedFrame } from '../merkle/write-frame.js';
import type { Match, UnitClass } from '../unit-class.js';
import { compareUtf8 } from '../utf8-order.js';
import { unlistedSums, unitCounts } from './counts.js';

export const DELTA_PROOF_PREDICATE_TYPE = 'https://stella-ops.org/attestation/delta-proof/v1';

/** A leaf whose references are places in the proof's `references`; all its other members are as they are hashed. */
export interface ProofLeaf extends Omit<Leaf, 'refs'> {
  readonly refs: readonly number[];
}

/** A listed unit. */
export interface ProofUnit {
  readonly class: UnitClass;
  readonly match: Match;
  readonly old: ProofLeaf | null;
  readonly new: ProofLeaf | null;
}

/**
 * The predicate of a delta proof; its subjects are the two artifacts.
 *
 * Claim: every unit of the old index that is not listed is in the new index with the same leaf, and the other way round.
 * Why it holds: `frame` (merkle/frame.ts) gives the old root when filled with the old leaves and the new root when
 * filled with the new ones, so all that is not listed hangs under the same 32-byte values in both trees; another set of
 * unlisted units would be a collision of SHA-256. Given that each index is well formed (its builder refuses two units
 * of one id), an id without an old leaf is absent from the old index: a leaf stands at its key's place only.
 *
 * This was chosen over two inclusion proofs and a homomorphic set hash (LtHash, ePrint 2019/227): one frame serves both
 * trees, absence comes with it, and nothing but SHA-256 is assumed.
 *
 * What it does not show: that the roots are the artifacts' (who lifted says so, or a new lift), the placeholders'
 * bijection, and classes that only the lifter's side records bear out (`declared` in the verifier's result).
 */
export interface DeltaProof {
  readonly old: IndexRef;
  readonly new: IndexRef;
  /** Sorted by old id, or new id where there is no old, in UTF-8 order; an old unit before a new one of the same id. */
  readonly units: readonly ProofUnit[];
  /**
   * The ids that listed leaves refer to, sorted by UTF-8 bytes, each used: the old and the new leaf of a unit share most
   * of theirs. What is hashed is the leaf's canonical JSON with the ids put back.
   */
  readonly references: readonly string[];
  /** Base64. */
  readonly frame: string;
  /** Listed units by class, every class named. */
  readonly counts: Readonly<Record<UnitClass, number>>;
  /** Of the units that are not listed, the same on both sides. */
  readonly unlisted: Sums;
  /** Facts that the trees do not hold: declared by who compared. */
  readonly declared: { readonly relocatedUnits: number; readonly bijectionSize: number };
}

/** @throws INDEX_INVALID when the delta leaves out a unit that differs */
export function proveDelta(
  before: UnitIndex & { readonly artifactSha256: string },
  after: UnitIndex & { readonly artifactSha256: string },
  delta: Delta,
): DeltaProof {
  const leaves = delta.units.flatMap((unit) => [unit.old, unit.new].flatMap((side) => (side === null ? [] : [side.leaf])));
  const references = [...new Set(leaves.flatMap((leaf) => leaf.refs))].sort(compareUtf8);
  const places = new Map(references.map((id, place) => [id, place]));
  const units = delta.units.map((unit) => proofUnit(unit, places));
  const old = indexRef(before.set, before.artifactSha256, before.lifter);
  return {
    old,
    new: indexRef(after.set, after.artifactSha256, after.lifter),
    units,
    references,
    frame: writeSharedFrame(before.set, after.set, leaves.map((leaf) => leaf.id)).toString('base64'),
    counts: unitCounts(units),
    unlisted: unlistedSums(old.sums, delta.units.flatMap((unit) => (unit.old === null ? [] : [unit.old.leaf]))),
    declared: { relocatedUnits: delta.relocatedUnits, bijectionSize: delta.bijectionSize },
  };
}

function proofUnit(unit: DeltaUnit, places: ReadonlyMap<string, number>): ProofUnit {
  const side = (own: DeltaUnit['old']): ProofLeaf | null =>
    own === null ? null : { ...own.leaf, refs: own.leaf.refs.map((id) => places.get(id) as number) };
  return { class: unit.class, match: unit.match, old: side(unit.old), new: side(unit.new) };
}
