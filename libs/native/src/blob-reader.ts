import { DomainError } from '@stella/errors';
import { BLOB_BYTES_MAX } from './limits.js';
import { checkMembers } from './shape.js';

/** Puts blobs together that come part by part, in the order of their names. */
export class BlobReader {
  readonly #blobs: Buffer[] = [];
  #filledBytes = 0;

  constructor(private readonly names: readonly string[]) {}

  /** @throws NATIVE_FRAME_BROKEN */
  begin(blob: Record<string, unknown>): void {
    this.#requireWhole();
    checkMembers(blob, { name: 'string', sizeBytes: 'number' });
    const { name, sizeBytes } = blob as { name: string; sizeBytes: number };
    const expected = this.names[this.#blobs.length];
    if (name !== expected) throw new DomainError('NATIVE_FRAME_BROKEN', { expected: expected ?? 'end', found: name });
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > BLOB_BYTES_MAX) {
      throw new DomainError('NATIVE_FRAME_BROKEN', { blob: name, sizeBytes: String(sizeBytes), sizeBytesMax: String(BLOB_BYTES_MAX) });
    }
    // Of its own memory, so that it can be handed to a thread.
    this.#blobs.push(Buffer.from(new ArrayBuffer(sizeBytes)));
    this.#filledBytes = 0;
  }

  /** @throws NATIVE_FRAME_BROKEN */
  part(bytes: Buffer): void {
    const blob = this.#blobs.at(-1);
    if (blob === undefined || this.#filledBytes + bytes.length > blob.length) throw new DomainError('NATIVE_FRAME_BROKEN', { found: 'bytes of no blob' });
    bytes.copy(blob, this.#filledBytes);
    this.#filledBytes += bytes.length;
  }

  /** The blobs; fewer than names where the stream ended before. @throws NATIVE_FRAME_BROKEN */
  end(): readonly (Buffer | undefined)[] {
    this.#requireWhole();
    return this.#blobs;
  }

  #requireWhole(): void {
    const sizeBytes = this.#blobs.at(-1)?.length ?? 0;
    if (this.#filledBytes !== sizeBytes) throw new DomainError('NATIVE_FRAME_BROKEN', { blobBytes: String(sizeBytes), foundBytes: String(this.#filledBytes) });
  }
}
