import { DomainError } from '@stella/errors';
import { FRAME_BYTES_MAX } from './limits.js';

/**
 * Cuts a byte stream into frames: a little-endian u32 byte length, then that many bytes.
 * A frame may share memory with the chunk that brought it.
 */
export class FrameDecoder {
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #neededBytes = 4;

  /** The frames that this chunk completes. @throws NATIVE_FRAME_BROKEN when a length is above the bound */
  push(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes < this.#neededBytes) return [];
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#sizeBytes);
    const frames: Buffer[] = [];
    let at = 0;
    this.#neededBytes = 4;
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32LE(at);
      if (length > FRAME_BYTES_MAX) {
        throw new DomainError('NATIVE_FRAME_BROKEN', { frameBytes: String(length), frameBytesMax: String(FRAME_BYTES_MAX) });
      }
      if (bytes.length - at - 4 < length) {
        this.#neededBytes = 4 + length;
        break;
      }
      frames.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#parts = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#sizeBytes = bytes.length - at;
    return frames;
  }

  /** Bytes of a frame that has begun and not ended. */
  get pendingBytes(): number {
    return this.#sizeBytes;
  }
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
