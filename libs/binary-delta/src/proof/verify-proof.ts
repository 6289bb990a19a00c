import type { IndexRef } from '../index-root.js';
import type { Leaf } from '../leaf.js';
import { type FoldedFrame, foldFrame, FrameBroken, type ListedLeaf } from '../merkle/fold-frame.js';
import { equalSums, type Sums } from '../merkle/sums.js';
import { classesOf, type Match, matchHolds, UNIT_CLASSES, type UnitClass } from '../unit-class.js';
import { unitCounts } from './counts.js';
import { idOf, type ParsedProof, type ParsedUnit, parseProof, type ProofFault, ProofRefused } from './parse-proof.js';

/** A listed unit after verification. */
export interface VerifiedUnit {
  readonly class: UnitClass;
  readonly match: Match;
  /** Whether the class follows from the leaves (`recomputed`), or the leaves only allow it (`declared`). */
  readonly basis: 'recomputed' | 'declared';
  readonly old: Leaf | null;
  readonly new: Leaf | null;
}

export type ProofVerification =
  | {
      readonly ok: true;
      readonly units: readonly VerifiedUnit[];
      readonly counts: Readonly<Record<UnitClass, number>>;
      /** Of what is the same in both. */
      readonly unlisted: Sums;
      readonly declared: ParsedProof['declared'];
    }
  | { readonly ok: false; readonly reason: ProofFault; readonly facts: Readonly<Record<string, string>> };

/**
 * Checks a delta proof against the two indexes that the verifier knows from their own statements; nothing is lifted.
 * Cost: O(listed units · log n) hashes.
 * @param value the predicate as parsed from the signed bytes; whatever it is, the answer is a result and not an error
 */
export function verifyDeltaProof(value: unknown, indexes: { readonly old: IndexRef; readonly new: IndexRef }): ProofVerification {
  try {
    const proof = parseProof(value);
    requireIndex('old', proof.old, indexes.old);
    requireIndex('new', proof.new, indexes.new);
    if (!sameLifter(proof.old, proof.new)) throw new ProofRefused('PROOF_LIFTER_MISMATCH', {});
    const units = proof.units.map(verifyUnit);
    const folded = fold(proof);
    requireRoot('PROOF_OLD_ROOT_MISMATCH', folded.old, proof.old);
    requireRoot('PROOF_NEW_ROOT_MISMATCH', folded.new, proof.new);
    requireCounts(proof, folded);
    return { ok: true, units, counts: proof.counts, unlisted: folded.unlisted, declared: proof.declared };
  } catch (error) {
    if (error instanceof ProofRefused) return { ok: false, reason: error.reason, facts: error.facts };
    throw error;
  }
}

function requireIndex(side: string, claimed: IndexRef, known: IndexRef): void {
  const differs =
    claimed.artifactSha256 !== known.artifactSha256 ||
    claimed.root !== known.root ||
    !sameLifter(claimed, known) ||
    !equalSums(claimed.sums, known.sums);
  if (differs) throw new ProofRefused('PROOF_INDEX_MISMATCH', { side, artifact: claimed.artifactSha256, root: claimed.root });
}

function sameLifter(a: IndexRef, b: IndexRef): boolean {
  return a.lifter.sha256 === b.lifter.sha256 && a.lifter.ruleset === b.lifter.ruleset;
}

function verifyUnit(unit: ParsedUnit): VerifiedUnit {
  const old = unit.old?.leaf ?? null;
  const next = unit.new?.leaf ?? null;
  const allowed = classesOf(old, next, unit.match);
  if (!allowed.includes(unit.class) || !matchHolds(old, next, unit.match)) {
    throw new ProofRefused('PROOF_CLASS_FALSE', { unit: idOf(unit).slice(0, 200), class: unit.class, match: unit.match, allowed: allowed.join(',') });
  }
  // The first is what the leaves themselves say; the others are somebody's word.
  const basis = allowed[0] === unit.class ? 'recomputed' : 'declared';
  return { class: unit.class, match: unit.match, basis, old, new: next };
}

function fold(proof: ParsedProof): FoldedFrame {
  const olds = bySide(proof.units, 'old');
  const news = bySide(proof.units, 'new');
  try {
    return foldFrame(proof.frame, new Set([...olds.keys(), ...news.keys()]), olds, news);
  } catch (error) {
    if (error instanceof FrameBroken) throw new ProofRefused('PROOF_FRAME_BROKEN', { why: error.message });
    throw error;
  }
}

function bySide(units: readonly ParsedUnit[], side: 'old' | 'new'): Map<string, ListedLeaf> {
  return new Map(units.flatMap((unit) => (unit[side] === null ? [] : [[unit[side].leaf.id, unit[side]] as const])));
}

function requireRoot(reason: ProofFault, folded: FoldedFrame['old'], index: IndexRef): void {
  const root = folded.root.toString('hex');
  if (root !== index.root || !equalSums(folded.sums, index.sums)) throw new ProofRefused(reason, { found: root, expected: index.root });
}

function requireCounts(proof: ParsedProof, folded: FoldedFrame): void {
  const counts = unitCounts(proof.units);
  const wrong = UNIT_CLASSES.find((name) => counts[name] !== proof.counts[name]);
  if (wrong !== undefined) throw new ProofRefused('PROOF_COUNTS_FALSE', { class: wrong, counted: String(counts[wrong]) });
  if (!equalSums(proof.unlisted, folded.unlisted)) {
    throw new ProofRefused('PROOF_COUNTS_FALSE', { unlisted: String(folded.unlisted.units) });
  }
}
