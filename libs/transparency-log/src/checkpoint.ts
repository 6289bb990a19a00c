import { decodeBase64, encodeBase64 } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { EMPTY_ROOT, equalHashes, HASH_LENGTH, type Hash } from './hashing.js';
import { parseDecimal, requireWhole } from './integers.js';
import type { NoteKey } from './note-key.js';
import { encodeNote, type Note, type NoteSigner, parseNote, signNote, type VerifiedSignature, verifyNote } from './note.js';

/** A tree head, C2SP tlog-checkpoint. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: Hash;
  /** Opaque lines after the root; not authenticated by every kind of cosignature, so best left empty. */
  readonly extensions: readonly string[];
}

/** Whose checkpoints are acceptable, and whose cosignatures are of interest. */
export interface LogIdentity {
  readonly origin: string;
  /** Keys of type `ed25519`; more than one while a log rotates its key. */
  readonly keys: readonly NoteKey[];
}

export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed note as it was read, for storage and as evidence. */
  readonly note: Note;
  readonly cosignatures: readonly VerifiedSignature[];
}

/** @throws DomainError `TLOG_CHECKPOINT_MALFORMED` for what would not read back */
export function formatCheckpoint({ origin, size, rootHash, extensions }: Checkpoint): string {
  requireWhole('size', size);
  const text = `${[origin, size, encodeBase64(rootHash), ...extensions].join('\n')}\n`;
  parseCheckpoint(text);
  return text;
}

/** @param text of a note whose signature was verified. @throws DomainError `TLOG_CHECKPOINT_MALFORMED` */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', root = '', ...rest] = text.split('\n');
  const end = rest.pop();
  const size = parseDecimal(sizeText);
  const rootHash = decodeBase64(root);
  if (origin === '') return malformed('origin');
  if (size === undefined) return malformed('size');
  if (rootHash?.length !== HASH_LENGTH) return malformed('root hash');
  if (end !== '' || rest.includes('')) return malformed('empty line');
  if (size === 0 && !equalHashes(rootHash, EMPTY_ROOT)) return malformed('root of the empty tree');
  return { origin, size, rootHash, extensions: rest };
}

export async function signCheckpoint(checkpoint: Checkpoint, by: NoteSigner): Promise<Uint8Array> {
  const text = formatCheckpoint(checkpoint);
  return encodeNote({ text, signatures: [await signNote(text, by)] });
}

/**
 * Verifies a checkpoint of one log: its origin, the log's own signature, and those of the witnesses that are known.
 * @throws DomainError `TLOG_NOTE_MALFORMED`, `TLOG_NOTE_UNVERIFIED`, `TLOG_CHECKPOINT_MALFORMED`,
 *   `TLOG_ORIGIN_MISMATCH`
 */
export function verifyCheckpoint(
  bytes: Uint8Array,
  log: LogIdentity,
  witnesses: readonly NoteKey[] = [],
): VerifiedCheckpoint {
  const note = parseNote(bytes);
  const logKeys = log.keys.filter(({ type }) => type === 'ed25519');
  verifyNote(note, logKeys);
  const cosigners = witnesses.filter(({ type }) => type === 'cosignature');
  const cosignatures = verifyNote(note, [...logKeys, ...cosigners]).filter(({ key }) => cosigners.includes(key));
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== log.origin) {
    throw new DomainError('TLOG_ORIGIN_MISMATCH', { expected: log.origin, actual: checkpoint.origin.slice(0, 200) });
  }
  return { checkpoint, note, cosignatures };
}

function malformed(problem: string): never {
  throw new DomainError('TLOG_CHECKPOINT_MALFORMED', { problem });
}
