import { DomainError, isDomainError } from '@stella/errors';
import { type LogIdentity, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { equalHashes, hashLeaf, type Hash } from './hashing.js';
import { requireWhole } from './integers.js';
import type { NoteKey } from './note-key.js';
import { type Note, parseNote } from './note.js';
import { verifyConsistency } from './proof-verify.js';
import { TileTree } from './tile-tree.js';
import { TILE_WIDTH, type TileReader } from './tiles.js';

/** Entries that one call reads and holds. */
export const FOLLOW_ENTRY_COUNT_MAX = 65_536;

/**
 * Two checkpoints, both signed by the log, of histories that exclude each other. Anyone can check it with
 * `verifyMisbehaviour`; no one but the log's key holder can make it.
 */
export interface Misbehaviour {
  /** The checkpoint of the smaller (or equally large) tree, a signed note. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  /** Root that the second history has at the first one's size; the first's size is below the second's. */
  readonly fork?: { readonly rootHash: Hash; readonly proof: readonly Hash[] };
}

export type Advance =
  | { readonly outcome: 'first-seen' | 'unchanged' | 'advanced'; readonly latest: VerifiedCheckpoint }
  /** Smaller than what was seen: perhaps only a stale cache, so no evidence by itself. */
  | { readonly outcome: 'behind'; readonly latest: VerifiedCheckpoint }
  | { readonly outcome: 'misbehaved'; readonly evidence: Misbehaviour };

export interface FollowRequest {
  readonly log: LogIdentity;
  readonly witnesses?: readonly NoteKey[];
  /** The last checkpoint that this follower accepted, byte for byte. */
  readonly seen: Uint8Array | undefined;
  readonly offered: Uint8Array;
  /** The log's tiles. */
  readonly reader: TileReader;
}

/**
 * Compares the checkpoint that a log offers with the last one accepted: origin, signature, and that the new tree
 * begins with all of the old one. An exception means "could not check": keep the old checkpoint and retry.
 * @throws DomainError those of `verifyCheckpoint` and of reading tiles; `TLOG_PROOF_INVALID` when the tiles do not
 *   hash to the offered root
 */
export async function followCheckpoint(request: FollowRequest): Promise<Advance> {
  const { log, witnesses, seen, offered, reader } = request;
  const next = verifyCheckpoint(offered, log, witnesses);
  if (seen === undefined) return { outcome: 'first-seen', latest: next };
  const last = verifyCheckpoint(seen, log, witnesses);
  const [size1, size2] = [last.checkpoint.size, next.checkpoint.size];
  if (size2 < size1) return { outcome: 'behind', latest: last };
  if (size2 === size1) {
    return equalHashes(last.checkpoint.rootHash, next.checkpoint.rootHash)
      ? { outcome: 'unchanged', latest: next }
      : { outcome: 'misbehaved', evidence: { first: seen, second: offered } };
  }
  if (size1 === 0) return { outcome: 'advanced', latest: next };
  const fork = await historyAt(reader, size1, next);
  return equalHashes(fork.rootHash, last.checkpoint.rootHash)
    ? { outcome: 'advanced', latest: next }
    : { outcome: 'misbehaved', evidence: { first: seen, second: offered, fork } };
}

/**
 * Checks evidence against a log. True means that the log's key signed two histories that exclude each other.
 * @throws DomainError those of `verifyCheckpoint`
 */
export function verifyMisbehaviour(evidence: Misbehaviour, log: LogIdentity): boolean {
  const first = verifyCheckpoint(evidence.first, log).checkpoint;
  const second = verifyCheckpoint(evidence.second, log).checkpoint;
  if (first.size === second.size) return !equalHashes(first.rootHash, second.rootHash);
  if (evidence.fork === undefined || equalHashes(evidence.fork.rootHash, first.rootHash)) return false;
  const { rootHash: root1, proof } = evidence.fork;
  try {
    verifyConsistency({ size1: first.size, root1, size2: second.size, root2: second.rootHash }, proof);
    return true;
  } catch (error) {
    if (isDomainError(error, 'TLOG_PROOF_INVALID') || isDomainError(error, 'TLOG_SIZE_OUT_OF_RANGE')) return false;
    throw error;
  }
}

export interface EntryRange {
  /** Index of the first entry wanted; a follower that stopped may begin anywhere. */
  readonly from: number;
  /** Index after the last one wanted; at most `FOLLOW_ENTRY_COUNT_MAX` further. */
  readonly to: number;
}

/**
 * Reads entries and verifies that the accepted tree has exactly these at these indexes; nothing is returned before
 * all are verified.
 * @throws DomainError `TLOG_SIZE_OUT_OF_RANGE`, `TLOG_PROOF_INVALID`, and those of reading tiles
 */
export async function readVerifiedEntries(
  reader: TileReader,
  accepted: VerifiedCheckpoint,
  { from, to }: EntryRange,
): Promise<Uint8Array[]> {
  const { size, rootHash } = accepted.checkpoint;
  requireWhole('from', from);
  requireWhole('to', to, from);
  requireWhole('size', size, to);
  requireWhole('count bound', FOLLOW_ENTRY_COUNT_MAX - (to - from));
  if (from === to) return [];
  const tree = new TileTree(reader, size);
  const entries: Uint8Array[] = [];
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index += 1) {
    const first = index * TILE_WIDTH;
    entries.push(...(await tree.bundle(index)).slice(Math.max(0, from - first), to - first));
  }
  // The left part comes from tiles that nobody vouched for yet; the consistency proof binds it together with the entries.
  const range = await tree.compactRangeAt(from);
  for (const entry of entries) range.append(hashLeaf(entry));
  verifyConsistency({ size1: to, root1: range.root(), size2: size, root2: rootHash }, await tree.consistencyProof(to));
  return entries;
}

/** The root that the offered history has at an earlier size, with the proof of it. */
async function historyAt(reader: TileReader, size1: number, { checkpoint }: VerifiedCheckpoint) {
  const tree = new TileTree(reader, checkpoint.size);
  const rootHash = (await tree.compactRangeAt(size1)).root();
  const proof = await tree.consistencyProof(size1);
  verifyConsistency({ size1, root1: rootHash, size2: checkpoint.size, root2: checkpoint.rootHash }, proof);
  return { rootHash, proof };
}

/** @throws DomainError `TLOG_ROLLED_BACK` or `TLOG_EQUIVOCATION`, for callers that only go on with a good log */
export function requireGoodLog(advance: Advance): VerifiedCheckpoint {
  if (advance.outcome === 'misbehaved') {
    const { first, second } = advance.evidence;
    throw new DomainError('TLOG_EQUIVOCATION', {
      first: describe(parseNote(first)),
      second: describe(parseNote(second)),
    });
  }
  if (advance.outcome === 'behind') {
    throw new DomainError('TLOG_ROLLED_BACK', { seen: describe(advance.latest.note) });
  }
  return advance.latest;
}

function describe({ text }: Note): string {
  return text.split('\n').slice(0, 3).join(' ');
}
