import type { ReasonEntry } from '../reasons.js';

export const delta = {
  LEAF_INVALID: { kind: 'data-loss', says: 'a unit of an index is not in its canonical form', next: 'lift the artifact again with the current lifter' },
  UNIT_DUPLICATE: { kind: 'data-loss', says: 'two units of one artifact have the same id', next: 'report the artifact; lift it again with a newer lifter' },
  INDEX_INVALID: { kind: 'data-loss', says: 'the stored index or its statement breaks its rules', next: 'index the artifact again' },
  INDEX_TOO_LARGE: { kind: 'exhausted', says: 'the artifact has more units than an index may hold', next: 'split the artifact, or raise the limit' },
  INDEXES_NOT_COMPARABLE: { kind: 'precondition', says: 'the two indexes come from different lifters or rule sets', next: 'index both artifacts with the same lifter' },
} as const satisfies Record<string, ReasonEntry>;
