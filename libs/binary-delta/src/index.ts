export { encodeLeaf, kindMark, type Leaf, NO_REFS_MARK, parseLeaf, peekLeaf, UNIT_KINDS, type UnitKind } from './leaf.js';
export { LIMITS } from './limits.js';
export { buildMerkleSet } from './merkle/build-set.js';
export type { MerkleSet } from './merkle/merkle-set.js';
export { diffSets, type SetDifference } from './merkle/diff.js';
export { foldFrame, type FoldedFrame, FrameBroken, type ListedLeaf } from './merkle/fold-frame.js';
export { openSet, packSet, unpackSet } from './merkle/pack.js';
export { spotCheck } from './merkle/spot-check.js';
export type { Sums } from './merkle/sums.js';
export { writeSetFrame, writeSharedFrame } from './merkle/write-frame.js';
export {
  coverageFault,
  type CoverageTotals,
  type IndexRef,
  indexRef,
  LIFT_INDEX_PREDICATE_TYPE,
  type LifterIdentity,
  type LiftIndexPredicate,
  liftIndexPredicate,
  parseIndexRef,
  parseLiftIndex,
  type ToolchainFacts,
} from './index-root.js';
export { classesOf, type Match, MATCHES, UNIT_CLASSES, type UnitClass } from './unit-class.js';
export { compareIndexes, type Delta, type DeltaUnit } from './compare/compare-indexes.js';
export { buildUnitIndex, type UnitIndex, type UnitSide } from './compare/unit-index.js';
export { DELTA_PROOF_PREDICATE_TYPE, type DeltaProof, type ProofLeaf, type ProofUnit, proveDelta } from './proof/delta-proof.js';
export { detailOf, type EnvelopeFault, EnvelopeRefused, openProof, type OpenedProof } from './proof/open-proof.js';
export { type ProofVerification, type VerifiedUnit, verifyDeltaProof } from './proof/verify-proof.js';
export type { ProofFault } from './proof/parse-proof.js';
export { auditSample } from './proof/audit.js';
export { packSides, unpackSides } from './sides.js';
