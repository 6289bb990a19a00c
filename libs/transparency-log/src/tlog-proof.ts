import { decodeBase64, encodeBase64 } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { type LogIdentity, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { HASH_LENGTH, hashLeaf, type Hash } from './hashing.js';
import { parseDecimal, requireWhole } from './integers.js';
import type { NoteKey } from './note-key.js';
import { NOTE_SIZE_BYTES_MAX } from './note.js';
import { verifyInclusion } from './proof-verify.js';

const HEADER = 'c2sp.org/tlog-proof@v1';
const PROOF_LENGTH_MAX = 63;

/** An offline proof that a log has an entry, C2SP tlog-proof. */
export interface TlogProof {
  readonly index: number;
  readonly inclusion: readonly Hash[];
  /** The signed and perhaps cosigned checkpoint, byte for byte. */
  readonly checkpoint: Uint8Array;
  /** Opaque and not authenticated. */
  readonly extra?: Uint8Array;
}

export function encodeTlogProof({ index, inclusion, checkpoint, extra }: TlogProof): Uint8Array {
  requireWhole('index', index);
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...inclusion.map(encodeBase64),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint]);
}

/** @throws DomainError `TLOG_PROOF_INVALID`; the checkpoint inside is not looked at yet */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > NOTE_SIZE_BYTES_MAX) return malformed('too large');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const split = buffer.indexOf('\n\n');
  if (split < 0) return malformed('no checkpoint');
  const [header, ...lines] = buffer.toString('latin1', 0, split).split('\n');
  if (header !== HEADER) return malformed('header');
  const extraLine = lines[0]?.startsWith('extra ') ? lines.shift() : undefined;
  const extra = extraLine === undefined ? undefined : decodeBase64(extraLine.slice('extra '.length));
  if (extraLine !== undefined && extra === undefined) return malformed('extra');
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : undefined;
  if (index === undefined) return malformed('index');
  if (lines.length > PROOF_LENGTH_MAX) return malformed('too long');
  const inclusion = lines.map((line) => {
    const hash = decodeBase64(line);
    return hash?.length === HASH_LENGTH ? hash : malformed('hash');
  });
  const checkpoint = Uint8Array.from(buffer.subarray(split + 2));
  return { index, inclusion, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/**
 * Verifies that a log whose keys the caller trusts has this entry at the proof's index.
 * @param entry the whole entry, as the caller expects it to have been logged
 * @throws DomainError `TLOG_PROOF_INVALID`, `TLOG_SIZE_OUT_OF_RANGE` and those of `verifyCheckpoint`
 */
export function verifyTlogProof(
  bytes: Uint8Array,
  entry: Uint8Array,
  log: LogIdentity,
  witnesses: readonly NoteKey[] = [],
): VerifiedCheckpoint & { readonly index: number } {
  const { index, inclusion, checkpoint } = parseTlogProof(bytes);
  const verified = verifyCheckpoint(checkpoint, log, witnesses);
  const { size, rootHash } = verified.checkpoint;
  verifyInclusion({ index, size, leafHash: hashLeaf(entry), root: rootHash }, inclusion);
  return { ...verified, index };
}

function malformed(problem: string): never {
  throw new DomainError('TLOG_PROOF_INVALID', { proof: 'tlog-proof', problem });
}
