import { decodeBase64, encodeBase64 } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { type Checkpoint, type LogIdentity, verifyCheckpoint } from './checkpoint.js';
import { equalHashes, HASH_LENGTH, type Hash } from './hashing.js';
import { parseDecimal, requireWhole } from './integers.js';
import { NOTE_SIZE_BYTES_MAX } from './note.js';
import { verifyConsistency } from './proof-verify.js';

/** Body of the `add-checkpoint` call, C2SP tlog-witness. */
export interface AddCheckpoint {
  /** Size of the last checkpoint that the witness cosigned; 0 if there is none. */
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  /** The signed note, byte for byte. */
  readonly checkpoint: Uint8Array;
}

export type WitnessDecision =
  /** Persist `checkpoint` as the latest of its log by compare-and-swap, then cosign `text`. */
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly text: string }
  /** `size` is the answer's body: the size that the witness cosigned last. */
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly problem: string };

const PROOF_LENGTH_MAX = 63;

export function encodeAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array {
  requireWhole('oldSize', oldSize);
  const lines = [`old ${oldSize}`, ...proof.map(encodeBase64), '', ''];
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint]);
}

/** @throws DomainError `TLOG_PROOF_INVALID`; the checkpoint inside is not looked at yet */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpoint {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const split = buffer.indexOf('\n\n');
  if (split < 0 || buffer.length > NOTE_SIZE_BYTES_MAX) return malformed('not an old size, a proof and a checkpoint');
  const [old = '', ...lines] = buffer.toString('latin1', 0, split).split('\n');
  const oldSize = old.startsWith('old ') ? parseDecimal(old.slice('old '.length)) : undefined;
  if (oldSize === undefined || lines.length > PROOF_LENGTH_MAX) return malformed('old size or length of the proof');
  const proof = lines.map((line) => {
    const hash = decodeBase64(line);
    return hash?.length === HASH_LENGTH ? hash : malformed('hash');
  });
  return { oldSize, proof, checkpoint: Uint8Array.from(buffer.subarray(split + 2)) };
}

/**
 * Decides about one call, in the order and with the HTTP status codes of C2SP tlog-witness.
 * @param log the identity for the checkpoint's origin; undefined if the witness does not know it
 * @param latest the checkpoint of this log that the witness cosigned last
 */
export function decideAddCheckpoint(
  request: AddCheckpoint,
  log: LogIdentity | undefined,
  latest: Checkpoint | undefined,
): WitnessDecision {
  if (log === undefined) return { status: 404, problem: 'unknown log' };
  let verified;
  try {
    verified = verifyCheckpoint(request.checkpoint, log);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return statusOf(error);
  }
  const { checkpoint, note } = verified;
  if (request.oldSize > checkpoint.size) return { status: 400, problem: 'old size above the checkpoint' };
  const size = latest?.size ?? 0;
  if (request.oldSize !== size) return { status: 409, size };
  const consistent =
    latest === undefined || size === 0
      ? request.proof.length === 0
      : isConsistent(latest, checkpoint, request.proof);
  if (!consistent) return { status: 422, problem: 'not consistent with the last cosigned checkpoint' };
  return { status: 200, checkpoint, text: note.text };
}

function statusOf(error: DomainError): WitnessDecision {
  const status = { TLOG_NOTE_UNVERIFIED: 403, TLOG_ORIGIN_MISMATCH: 404 } as const;
  if (error.reason === 'TLOG_NOTE_UNVERIFIED' || error.reason === 'TLOG_ORIGIN_MISMATCH') {
    return { status: status[error.reason], problem: error.message };
  }
  const emptyTree = error.facts['problem'] === 'root of the empty tree';
  return { status: emptyTree ? 422 : 400, problem: error.message };
}

function isConsistent(latest: Checkpoint, next: Checkpoint, proof: readonly Hash[]): boolean {
  if (latest.size === next.size) return proof.length === 0 && equalHashes(latest.rootHash, next.rootHash);
  try {
    verifyConsistency(
      { size1: latest.size, root1: latest.rootHash, size2: next.size, root2: next.rootHash },
      proof,
    );
    return true;
  } catch (error) {
    if (isDomainError(error, 'TLOG_PROOF_INVALID')) return false;
    throw error;
  }
}

function malformed(problem: string): never {
  throw new DomainError('TLOG_PROOF_INVALID', { proof: 'add-checkpoint', problem });
}
