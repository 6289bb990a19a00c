import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import { lockFolder } from '../lock-folder.js';
import { limits } from './limits.js';
import { encodeManifest, isBackupPath, LIST_NAME, type Manifest, MANIFEST_NAME, UNFINISHED_NAME } from './manifest.js';

const LOCK_NAME = 'lock';
const SYNCED_AT_ONCE = 32;
const READ_BYTES = 1 << 20;

/** What the writer counts by itself. */
type Counted = 'files' | 'sizeBytes' | 'listSha256' | 'emptyFolders' | 'blobs';

export interface Written {
  readonly folder: string;
  /** Kept elsewhere, it shows that a backup is the one that was made. */
  readonly manifestSha256: string;
  readonly manifest: Manifest;
}

/**
 * Makes a backup in a folder that is new, empty, or holds one that was interrupted. It counts as one from the moment that
 * its manifest is there, which comes last, when everything else is on the disk. Nobody but its owner reads it.
 */
export class BackupWriter {
  readonly #digests = new Map<string, string>();
  readonly #folders = new Set<string>();
  #sizeBytes = 0;

  private constructor(
    readonly folder: string,
    private readonly unlock: () => Promise<void>,
  ) {}

  /** @throws DomainError BACKUP_EXISTS, NODE_RUNNING where another process makes one here, FILE_NOT_WRITTEN */
  static async open(folder: string): Promise<BackupWriter> {
    const full = resolve(folder);
    return written(full, async () => {
      await mkdir(full, { recursive: true, mode: 0o700 });
      requireOurs(full, await readdir(full));
      const unlock = await lockFolder(full);
      try {
        await chmod(full, 0o700);
        const names = await readdir(full);
        requireOurs(full, names);
        await (await open(join(full, UNFINISHED_NAME), 'a', 0o600)).close();
        for (const name of names) if (name !== LOCK_NAME && name !== UNFINISHED_NAME) await rm(join(full, name), { recursive: true, force: true });
        return new BackupWriter(full, unlock);
      } catch (error) {
        await unlock();
        throw error;
      }
    });
  }

  /** False: there is no such file any more. */
  async copy(path: string, source: string): Promise<boolean> {
    const file = await open(source, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new DomainError('FILE_UNREADABLE', { path: source, problem: error.code ?? '' }, { cause: error });
    });
    if (!file) return false;
    try {
      await this.write(path, file.createReadStream({ autoClose: false, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>);
      return true;
    } finally {
      await file.close();
    }
  }

  async write(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (!isBackupPath(path)) throw new DomainError('FILE_NOT_WRITTEN', { path, problem: 'a backup holds no file of such a name' });
    await this.#folderOf(path);
    await written(path, async () => {
      const file = await open(join(this.folder, path), 'wx', 0o600);
      try {
        this.#digests.set(path, await this.#fill(file, bytes));
      } finally {
        await file.close();
      }
    });
  }

  /** One that is there even if nothing lies in it. */
  async addFolder(path: string): Promise<void> {
    await written(path, () => mkdir(join(this.folder, path), { recursive: true, mode: 0o700 }));
    for (let at = path; at !== '.'; at = dirname(at)) this.#folders.add(at);
  }

  /** @throws DomainError FILE_NOT_WRITTEN, FILE_TOO_LARGE for the list of more files than a backup may hold */
  async finish(facts: Omit<Manifest, Counted>): Promise<Written> {
    const list = Buffer.from([...this.#digests].sort(byPath).map(([path, sha256]) => `${sha256}  ${path}\n`).join(''));
    // One that could not be read again is none.
    if (list.byteLength > limits.listBytesMax) throw new DomainError('FILE_TOO_LARGE', { path: join(this.folder, LIST_NAME), sizeBytes: String(list.byteLength), sizeBytesMax: String(limits.listBytesMax) });
    const full = new Set([...this.#digests.keys()].map((path) => dirname(path)));
    for (const folder of this.#folders) if (dirname(folder) !== '.') full.add(dirname(folder));
    const manifest: Manifest = {
      ...facts,
      blobs: [...this.#digests.keys()].filter((path) => path.startsWith('blobs/')).length,
      files: this.#digests.size,
      sizeBytes: this.#sizeBytes,
      listSha256: sha256Of(list),
      emptyFolders: [...this.#folders].filter((folder) => !full.has(folder)).sort(),
    };
    const bytes = encodeManifest(manifest);
    return written(this.folder, async () => {
      await writeSynced(join(this.folder, LIST_NAME), list);
      await writeSynced(join(this.folder, UNFINISHED_NAME), bytes);
      await this.#sync();
      await rename(join(this.folder, UNFINISHED_NAME), join(this.folder, MANIFEST_NAME));
      await sync(this.folder);
      return { folder: this.folder, manifest, manifestSha256: sha256Of(bytes) };
    });
  }

  /** What was not finished stays, is no backup, and is begun again by the next one. */
  close(): Promise<void> {
    return this.unlock();
  }

  async #folderOf(path: string): Promise<void> {
    if (dirname(path) !== '.' && !this.#folders.has(dirname(path))) await this.addFolder(dirname(path));
  }

  /** Many at once are one commit of the file system's journal, and not one each. */
  async #sync(): Promise<void> {
    const paths = [...this.#digests.keys(), ...this.#folders, '.'].values();
    const worker = async () => {
      for (const path of paths) await sync(join(this.folder, path));
    };
    await Promise.all(Array.from({ length: SYNCED_AT_ONCE }, worker));
  }

  async #fill(file: FileHandle, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      hash.update(chunk);
      this.#sizeBytes += chunk.byteLength;
      for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
    }
    return hash.digest('hex');
  }
}

/** Nothing that somebody else put there is removed or mixed with ours. */
function requireOurs(folder: string, names: readonly string[]): void {
  if (names.includes(MANIFEST_NAME)) throw new DomainError('BACKUP_EXISTS', { folder, holds: 'a whole backup' });
  const others = names.filter((name) => name !== LOCK_NAME);
  if (others.length > 0 && !names.includes(UNFINISHED_NAME)) throw new DomainError('BACKUP_EXISTS', { folder, holds: others.slice(0, 5).join(' ') });
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

async function written<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // What the source of the bytes throws is no fault of the folder.
    if (code === undefined || syscall === undefined || !WRITING.has(syscall)) throw error;
    throw new DomainError('FILE_NOT_WRITTEN', { path, problem: code }, { cause: error });
  }
}

const WRITING = new Set(['open', 'write', 'mkdir', 'fsync', 'rename', 'chmod', 'scandir', 'rm', 'unlink', 'rmdir', 'lstat']);

function byPath([one]: [string, string], [other]: [string, string]): number {
  return one < other ? -1 : 1;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
