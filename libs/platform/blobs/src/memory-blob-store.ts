import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';
import { BLOB_IN_MEMORY_BYTES_MAX, type BlobInfo, type BlobInventory, type BlobSource, type BlobStore, type PutOptions } from './blob-store.js';
import { collect, hashWhile, verified } from './hashing.js';

/** The port's fake, for tests of what stands on it. */
export class MemoryBlobStore implements BlobStore, BlobInventory {
  readonly #blobs = new Map<string, Buffer>();

  async put(source: BlobSource, options: PutOptions = {}): Promise<BlobInfo> {
    const chunks: Uint8Array[] = [];
    const info = await hashWhile(source, options, (chunk) => void chunks.push(Uint8Array.from(chunk)));
    this.#blobs.set(info.sha256, Buffer.concat(chunks));
    return info;
  }

  read(sha256: string): AsyncIterable<Uint8Array> {
    return verified(sha256, this.#open(sha256));
  }

  bytes(sha256: string, sizeBytesMax: number = BLOB_IN_MEMORY_BYTES_MAX): Promise<Buffer> {
    return collect(this.read(sha256), sizeBytesMax);
  }

  stat(sha256: string): Promise<BlobInfo | undefined> {
    const found = this.#blobs.get(sha256);
    return Promise.resolve(found && { sha256, sizeBytes: found.byteLength });
  }

  async localPath(sha256: string): Promise<string> {
    const path = join(await mkdtemp(join(tmpdir(), 'stella-blob-')), sha256);
    await writeFile(path, await this.bytes(sha256));
    await chmod(path, 0o444);
    return path;
  }

  delete(sha256: string): Promise<boolean> {
    return Promise.resolve(this.#blobs.delete(sha256));
  }

  async *list(): AsyncGenerator<string> {
    await Promise.resolve();
    yield* [...this.#blobs.keys()].sort();
  }

  /** Alters a stored blob behind the store's back, as a failing disk would. */
  corrupt(sha256: string): void {
    const blob = this.#blobs.get(sha256);
    if (blob) this.#blobs.set(sha256, Buffer.concat([blob.subarray(0, -1), Buffer.from([~(blob.at(-1) ?? 0) & 0xff])]));
  }

  async *#open(sha256: string): AsyncGenerator<Uint8Array> {
    const found = this.#blobs.get(sha256);
    if (!found) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    await Promise.resolve();
    yield found;
  }
}
