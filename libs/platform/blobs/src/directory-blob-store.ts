import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '@stella/errors';
import { BLOB_IN_MEMORY_BYTES_MAX, type BlobInfo, type BlobInventory, type BlobSource, type BlobStore, isSha256, type PutOptions } from './blob-store.js';
import { collect, hashWhile, verified } from './hashing.js';

const READ_ONLY = 0o444;
const READ_BYTES = 1 << 20;
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Blobs as files `<folder>/sha256/<first two digits>/<digest>`. Several processes may share the folder. */
export class DirectoryBlobStore implements BlobStore, BlobInventory {
  private constructor(private readonly folder: string) {}

  /** Makes the folder where needed, and sweeps what a killed process left half-written. */
  static async open(folder: string): Promise<DirectoryBlobStore> {
    await mkdir(join(folder, 'incoming'), { recursive: true, mode: 0o755 });
    for (const name of await readdir(join(folder, 'incoming'))) {
      if (!isOfLivingProcess(name)) await rm(join(folder, 'incoming', name), { force: true });
    }
    return new DirectoryBlobStore(folder);
  }

  async put(source: BlobSource, options: PutOptions = {}): Promise<BlobInfo> {
    const incoming = join(this.folder, 'incoming', `${process.pid}.${randomUUID()}`);
    try {
      const info = await this.#write(incoming, source, options);
      await this.#place(incoming, info);
      return info;
    } catch (error) {
      await rm(incoming, { force: true });
      if (FULL.has((error as NodeJS.ErrnoException).code ?? '')) {
        throw new DomainError('BLOB_STORE_FULL', { code: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error });
      }
      throw error;
    }
  }

  read(sha256: string): AsyncIterable<Uint8Array> {
    return verified(sha256, this.#open(sha256));
  }

  bytes(sha256: string, sizeBytesMax: number = BLOB_IN_MEMORY_BYTES_MAX): Promise<Buffer> {
    return collect(this.read(sha256), sizeBytesMax);
  }

  async stat(sha256: string): Promise<BlobInfo | undefined> {
    if (!isSha256(sha256)) return undefined;
    const found = await stat(this.#path(sha256)).catch(absent);
    return found && { sha256, sizeBytes: found.size };
  }

  async localPath(sha256: string): Promise<string> {
    for await (const _chunk of this.read(sha256)) continue;
    return this.#path(sha256);
  }

  async delete(sha256: string): Promise<boolean> {
    if ((await this.stat(sha256)) === undefined) return false;
    await rm(this.#path(sha256), { force: true });
    return true;
  }

  async *list(): AsyncGenerator<string> {
    const root = join(this.folder, 'sha256');
    for (const folder of ((await readdir(root).catch(absent)) ?? []).sort()) {
      for (const name of ((await readdir(join(root, folder)).catch(absent)) ?? []).sort()) if (isSha256(name)) yield name;
    }
  }

  async #write(path: string, source: BlobSource, options: PutOptions): Promise<BlobInfo> {
    const file = await open(path, 'wx', 0o600);
    try {
      const info = await hashWhile(source, options, (chunk) => writeAll(file, chunk));
      await file.sync();
      return info;
    } finally {
      await file.close();
    }
  }

  async #place(incoming: string, { sha256 }: BlobInfo): Promise<void> {
    const path = this.#path(sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await chmod(incoming, READ_ONLY);
    await rename(incoming, path);
    // The name is durable only when its folder is.
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
  }

  async *#open(sha256: string): AsyncGenerator<Uint8Array> {
    const found = await this.stat(sha256);
    if (found === undefined) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    // A buffer is made for every read, whatever comes into it.
    yield* createReadStream(this.#path(sha256), { highWaterMark: Math.min(found.sizeBytes + 1, READ_BYTES) }) as AsyncIterable<Uint8Array>;
  }

  #path(sha256: string): string {
    return join(this.folder, 'sha256', sha256.slice(0, 2), sha256);
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}

function isOfLivingProcess(name: string): boolean {
  try {
    process.kill(Number.parseInt(name, 10), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
