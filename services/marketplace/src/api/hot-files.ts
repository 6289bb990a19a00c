import type { ServedFile } from '../application/serve-build.js';

/**
 * Small files that were asked for last, by their digest: their bytes have proved right once, and a digest's bytes do not
 * change. What is larger than `fileBytesMax` is read and proved each time.
 */
export class HotFiles {
  readonly #kept = new Map<string, Buffer>();
  #sizeBytes = 0;

  constructor(
    private readonly sizeBytesMax: number,
    private readonly fileBytesMax: number,
  ) {}

  /** @throws what reading throws; nothing is kept then */
  async bytesOf(file: ServedFile): Promise<Buffer> {
    const kept = this.#kept.get(file.entityTag);
    if (kept) {
      // A Map walks in the order of insertion: the first was used longest ago.
      this.#kept.delete(file.entityTag);
      this.#kept.set(file.entityTag, kept);
      return kept;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.read()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.byteLength <= this.fileBytesMax) this.#keep(file.entityTag, bytes);
    return bytes;
  }

  #keep(entityTag: string, bytes: Buffer): void {
    this.#kept.set(entityTag, bytes);
    this.#sizeBytes += bytes.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#sizeBytes <= this.sizeBytesMax) break;
      this.#kept.delete(oldest);
      this.#sizeBytes -= byteLength;
    }
  }
}
