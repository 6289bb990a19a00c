export { auditLog } from './audit.js';
export {
  formatCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
  type Checkpoint,
  type LogIdentity,
  type VerifiedCheckpoint,
} from './checkpoint.js';
export { CompactRange } from './compact-range.js';
export { DIGEST_RECORD_TYPE, encodeDigestRecord, parseDigestRecord, type DigestRecord } from './digest-record.js';
export {
  FOLLOW_ENTRY_COUNT_MAX,
  followCheckpoint,
  readVerifiedEntries,
  requireGoodLog,
  verifyMisbehaviour,
  type Advance,
  type EntryRange,
  type FollowRequest,
  type Misbehaviour,
} from './follower.js';
export { EMPTY_ROOT, equalHashes, hashChildren, hashLeaf, type Hash } from './hashing.js';
export { BATCH_ENTRY_COUNT_MAX, overlay, planAppend, type AppendPlan, type AppendRequest, type Resource } from './log-writer.js';
export { formatVerifierKey, noteKey, parseVerifierKey, type NoteKey, type NoteKeyType } from './note-key.js';
export {
  encodeNote,
  formatSignatureLines,
  parseNote,
  parseSignatureLines,
  signNote,
  verifyNote,
  withSignatures,
  type Note,
  type NoteSignature,
  type NoteSigner,
  type VerifiedSignature,
} from './note.js';
export {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
  type Subtree,
} from './proof-verify.js';
export { TileTree } from './tile-tree.js';
export {
  CHECKPOINT_PATH,
  encodeBundle,
  ENTRY_SIZE_BYTES_MAX,
  parseBundle,
  parseTile,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
  type TileId,
  type TileReader,
} from './tiles.js';
export { encodeTlogProof, parseTlogProof, verifyTlogProof, type TlogProof } from './tlog-proof.js';
export { requireWitnessed, trustedLog, trustedWitnesses, witnessingOrganisations } from './trusted-logs.js';
export {
  decideAddCheckpoint,
  encodeAddCheckpoint,
  parseAddCheckpoint,
  type AddCheckpoint,
  type WitnessDecision,
} from './witness.js';
