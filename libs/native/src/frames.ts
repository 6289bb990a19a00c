import { DomainError } from '@stella/errors';
import { FRAME_BYTES_MAX } from './limits.js';

/** Bytes of a blob, as they came: they share memory with the chunk that brought them. */
export class BlobPart {
  constructor(readonly bytes: Buffer) {}
}

/**
 * Cuts a byte stream into frames: a little-endian u32 byte length, then that many bytes. A frame that begins with a zero
 * byte, which no JSON does, is a piece of a blob: what came of it is handed on at once, so that megabytes are copied once.
 * A frame may share memory with the chunk that brought it.
 */
export class FrameDecoder {
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #neededBytes = 4;
  #pieceBytesLeft = 0;

  /** What this chunk completes, in order. @throws NATIVE_FRAME_BROKEN when a length is above the bound */
  push(chunk: Buffer): (Buffer | BlobPart)[] {
    const found: (Buffer | BlobPart)[] = [];
    const rest = this.#piece(chunk, found);
    this.#parts.push(rest);
    this.#sizeBytes += rest.length;
    if (this.#sizeBytes < this.#neededBytes) return found;
    const bytes = this.#parts.length === 1 ? rest : Buffer.concat(this.#parts, this.#sizeBytes);
    let at = 0;
    this.#neededBytes = 4;
    while (bytes.length - at >= 4) {
      const length = lengthAt(bytes, at);
      if (bytes[at + 4] === 0 && length > 0) {
        this.#pieceBytesLeft = length - 1;
        at = bytes.length - this.#piece(bytes.subarray(at + 5), found).length;
        continue;
      }
      if (bytes.length - at - 4 < length) {
        // The first byte tells whether all of it is waited for.
        this.#neededBytes = bytes.length - at > 4 ? 4 + length : 5;
        break;
      }
      found.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#parts = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#sizeBytes = bytes.length - at;
    return found;
  }

  /** Bytes of a frame that has begun and not ended. */
  get pendingBytes(): number {
    return this.#sizeBytes + this.#pieceBytesLeft;
  }

  /** Takes what belongs to a piece that has begun; gives what follows. */
  #piece(bytes: Buffer, found: (Buffer | BlobPart)[]): Buffer {
    const part = bytes.subarray(0, this.#pieceBytesLeft);
    if (part.length === 0) return bytes;
    found.push(new BlobPart(part));
    this.#pieceBytesLeft -= part.length;
    return bytes.subarray(part.length);
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at);
  if (length <= FRAME_BYTES_MAX) return length;
  throw new DomainError('NATIVE_FRAME_BROKEN', { frameBytes: String(length), frameBytesMax: String(FRAME_BYTES_MAX) });
}

export function encodeFrame(body: Buffer): Buffer {
  if (body.length > FRAME_BYTES_MAX) {
    throw new DomainError('REQUEST_INVALID', { frameBytes: String(body.length), frameBytesMax: String(FRAME_BYTES_MAX) });
  }
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, 4);
  return frame;
}

/** The JSON of a frame. @throws NATIVE_FRAME_BROKEN */
export function parseFrame(frame: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(frame.toString('utf8'));
  } catch (cause) {
    throw new DomainError('NATIVE_FRAME_BROKEN', { frame: 'not JSON' }, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DomainError('NATIVE_FRAME_BROKEN', { frame: 'not an object' });
  }
  return value as Record<string, unknown>;
}

const END = Buffer.from('{"end":');
const ERROR = Buffer.from('{"error":');

/** Frames are written compactly with one member that names what they are: no parse is needed to tell. */
export const isEndFrame = (frame: Buffer): boolean => frame.subarray(0, END.length).equals(END);
export const isErrorFrame = (frame: Buffer): boolean => frame.subarray(0, ERROR.length).equals(ERROR);
