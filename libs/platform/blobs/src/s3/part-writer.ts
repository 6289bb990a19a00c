import { PART_BYTES } from '../limits.js';
import type { Multipart, Part, S3Bucket } from './s3-bucket.js';

const FIRST_BLOCK_BYTES = 65_536;

/** What was written: so little that it is one object at once, or an upload in parts that waits to be completed. */
export type Written = { readonly whole: Buffer } | { readonly multipart: Multipart; readonly parts: readonly Part[] };

/** Gathers bytes into parts and sends one while the next is gathered: two parts are the most that is held. */
export class PartWriter {
  #block = Buffer.allocUnsafe(0);
  #used = 0;
  #multipart: Multipart | undefined;
  #sending: Promise<void> = Promise.resolve();
  readonly #parts: Part[] = [];

  constructor(
    private readonly bucket: S3Bucket,
    private readonly key: () => string,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; ) {
      // Only more bytes prove that a full block is not the whole.
      if (this.#used === PART_BYTES) await this.#send();
      const taken = chunk.subarray(at, at + PART_BYTES - this.#used);
      this.#reserve(this.#used + taken.byteLength);
      this.#block.set(taken, this.#used);
      this.#used += taken.byteLength;
      at += taken.byteLength;
    }
  }

  async finish(): Promise<Written> {
    if (this.#multipart === undefined) return { whole: this.#block.subarray(0, this.#used) };
    await this.#send();
    await this.#sending;
    return { multipart: this.#multipart, parts: this.#parts };
  }

  /** Leaves nothing in the store that was not completed. */
  async abandon(): Promise<void> {
    await this.#sending.catch(() => undefined);
    if (this.#multipart !== undefined) await this.bucket.abortMultipart(this.#multipart);
  }

  async #send(): Promise<void> {
    this.#multipart ??= await this.bucket.createMultipart(this.key());
    await this.#sending;
    const [multipart, bytes, part] = [this.#multipart, this.#block.subarray(0, this.#used), this.#parts.length + 1];
    this.#sending = this.bucket.putPart(multipart, part, bytes).then((sent) => void this.#parts.push(sent));
    // Thrown where it is awaited next.
    this.#sending.catch(() => undefined);
    this.#block = Buffer.allocUnsafe(PART_BYTES);
    this.#used = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#block.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(bytes, this.#block.length * 2, FIRST_BLOCK_BYTES), PART_BYTES));
    grown.set(this.#block.subarray(0, this.#used));
    this.#block = grown;
  }
}
