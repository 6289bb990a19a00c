import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';
import type { BlobInfo } from './blob-store.js';
import { CACHE_BYTES_MAX, CACHE_LEASE_MS, CACHE_UNFINISHED_MS } from './limits.js';

const READ_ONLY = 0o444;
const READ_BYTES = 1 << 20;
const UNFINISHED = '.unfinished';
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export interface LocalBlobCacheOptions {
  readonly sizeBytesMax?: number;
  /** How long a file that was handed out stays at least. */
  readonly leaseMs?: number;
  readonly now?: () => number;
}

interface Entry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

/**
 * Local copies of blobs, `<folder>/<digest>`, the least recently used ones going first when room is needed. Several
 * processes may share the folder: its files are all that there is to know, and a file that is being written counts with
 * its whole size from the start.
 */
export class LocalBlobCache {
  readonly #fetching = new Map<string, Promise<string>>();
  readonly #sizeBytesMax: number;
  readonly #leaseMs: number;
  readonly #now: () => number;

  private constructor(
    private readonly folder: string,
    options: LocalBlobCacheOptions,
  ) {
    this.#sizeBytesMax = options.sizeBytesMax ?? CACHE_BYTES_MAX;
    this.#leaseMs = options.leaseMs ?? CACHE_LEASE_MS;
    this.#now = options.now ?? Date.now;
  }

  static async open(folder: string, options: LocalBlobCacheOptions = {}): Promise<LocalBlobCache> {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    return new LocalBlobCache(folder, options);
  }

  /**
   * The verified copy, fetched where it is missing or has changed.
   * @throws DomainError BLOB_STORE_FULL when what is in use leaves no room, or what `fetch` throws
   */
  path(info: BlobInfo, fetch: () => AsyncIterable<Uint8Array>): Promise<string> {
    const running = this.#fetching.get(info.sha256);
    if (running !== undefined) return running;
    const path = this.#path(info, fetch).finally(() => this.#fetching.delete(info.sha256));
    this.#fetching.set(info.sha256, path);
    return path;
  }

  async forget(sha256: string): Promise<void> {
    await rm(join(this.folder, sha256), { force: true });
  }

  async #path(info: BlobInfo, fetch: () => AsyncIterable<Uint8Array>): Promise<string> {
    const path = join(this.folder, info.sha256);
    // The lease begins before the look, so that nobody takes the file away in between.
    const at = new Date(this.#now());
    const isThere = await utimes(path, at, at).then(() => true, () => false);
    if (isThere && (await digestOf(path)) === info.sha256 && (await exists(path))) return path;
    await this.#fetch(path, info, fetch());
    return path;
  }

  async #fetch(path: string, { sizeBytes }: BlobInfo, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const unfinished = join(this.folder, `${randomUUID()}${UNFINISHED}`);
    try {
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.truncate(sizeBytes);
        await this.#makeRoom();
        let at = 0;
        for await (const chunk of bytes) {
          for (let from = 0; from < chunk.byteLength; ) from += (await file.write(chunk, from, chunk.byteLength - from, at + from)).bytesWritten;
          at += chunk.byteLength;
        }
        await file.truncate(at);
      } finally {
        await file.close();
      }
      await chmod(unfinished, READ_ONLY);
      const at = new Date(this.#now());
      await utimes(unfinished, at, at);
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      const { code = '' } = error as NodeJS.ErrnoException;
      if (FULL.has(code)) throw new DomainError('BLOB_STORE_FULL', { code, folder: this.folder }, { cause: error });
      throw error;
    }
  }

  async #makeRoom(): Promise<void> {
    const entries = (await this.#entries()).sort((a, b) => a.usedAtMs - b.usedAtMs);
    let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { name, sizeBytes, usedAtMs } of entries) {
      if (total <= this.#sizeBytesMax) return;
      const isFree = (atMs: number) => this.#now() - atMs >= (name.endsWith(UNFINISHED) ? CACHE_UNFINISHED_MS : this.#leaseMs);
      // Looked at again: another process may have begun a lease since the folder was read.
      if (!isFree(usedAtMs) || !isFree((await stat(join(this.folder, name)).catch(() => undefined))?.mtimeMs ?? 0)) continue;
      await rm(join(this.folder, name), { force: true });
      total -= sizeBytes;
    }
    if (total > this.#sizeBytesMax) throw new DomainError('BLOB_STORE_FULL', { folder: this.folder, inUseBytes: String(total), sizeBytesMax: String(this.#sizeBytesMax) });
  }

  async #entries(): Promise<Entry[]> {
    const found = await Promise.all(
      (await readdir(this.folder)).map(async (name) => {
        const at = await stat(join(this.folder, name)).catch(() => undefined);
        return at?.isFile() === true ? [{ name, sizeBytes: at.size, usedAtMs: at.mtimeMs }] : [];
      }),
    );
    return found.flat();
  }
}

/** Undefined for a file that went away. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
