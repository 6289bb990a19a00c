import type { ReasonEntry } from '../reason-entry.js';

export const delta = {
  LEAF_INVALID: { kind: 'data-loss', says: 'a unit of an index is not in its canonical form', next: 'lift the artifact again with the current lifter' },
  UNIT_DUPLICATE: { kind: 'data-loss', says: 'two units of one artifact have the same id', next: 'report the artifact; lift it again with a newer lifter' },
  INDEX_INVALID: { kind: 'data-loss', says: 'the stored index or its statement breaks its rules', next: 'index the artifact again' },
  INDEX_TOO_LARGE: { kind: 'exhausted', says: 'the artifact has more units than an index may hold', next: 'split the artifact, or raise the limit' },
  INDEXES_NOT_COMPARABLE: { kind: 'precondition', says: 'the two indexes come from different lifters or rule sets', next: 'index both artifacts with the same lifter' },
  PROOF_MALFORMED: { kind: 'data-loss', says: 'the delta proof is not in its form', next: 'ask for the proof again' },
  PROOF_TOO_LARGE: { kind: 'exhausted', says: 'the delta proof is larger than a verifier reads', next: 'compare nearer releases' },
  PROOF_INDEX_MISMATCH: { kind: 'precondition', says: 'the delta proof is about other artifacts, roots or totals than these indexes', next: 'fetch the proof and the index statements of the same two artifacts' },
  PROOF_LIFTER_MISMATCH: { kind: 'precondition', says: 'the two indexes come from different lifters or rule sets', next: 'index both artifacts with the same lifter' },
  PROOF_UNITS_UNORDERED: { kind: 'data-loss', says: 'the listed units are not in order, or one is listed twice', next: 'ask for the proof again' },
  PROOF_LEAF_INVALID: { kind: 'data-loss', says: 'a listed unit is not in its canonical form', next: 'ask for the proof again' },
  PROOF_CLASS_FALSE: { kind: 'data-loss', says: 'a unit is given a class or a match that its leaves contradict', next: 'distrust who signed the proof, and compare the artifacts yourself' },
  PROOF_FRAME_BROKEN: { kind: 'data-loss', says: 'the Merkle frame of the proof is broken', next: 'ask for the proof again' },
  PROOF_OLD_ROOT_MISMATCH: { kind: 'data-loss', says: 'the proof does not lead to the old index root', next: 'distrust who signed the proof, and compare the artifacts yourself' },
  PROOF_NEW_ROOT_MISMATCH: { kind: 'data-loss', says: 'the proof does not lead to the new index root', next: 'distrust who signed the proof, and compare the artifacts yourself' },
  PROOF_COUNTS_FALSE: { kind: 'data-loss', says: 'the counts of the proof are not those of its units', next: 'distrust who signed the proof, and compare the artifacts yourself' },
} as const satisfies Record<string, ReasonEntry>;
