import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { lstat, open, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { DomainError } from '@stella/errors';
import { limits } from './limits.js';
import { damaged, decodeManifest, isBackupPath, LIST_NAME, type Manifest, MANIFEST_NAME, type Shape, UNFINISHED_NAME } from './manifest.js';

const LINE = /^(?<sha256>[0-9a-f]{64}) {2}(?<path>.+)$/;
/** Of the folder itself: what a writer holds, and an end that came between the manifest and its release. */
const OWN = new Set([MANIFEST_NAME, LIST_NAME, 'lock']);
const READ_BYTES = 1 << 20;

export interface Expected {
  /** Absent: any. */
  readonly shape?: Shape;
  /** Of the manifest, as `stella backup` told it. */
  readonly manifestSha256?: string;
}

/** A whole backup; every byte that it hands out has been, or is at the end found to be, what its manifest says. */
export class BackupReader {
  private constructor(
    readonly folder: string,
    readonly manifest: Manifest,
    private readonly digests: ReadonlyMap<string, string>,
  ) {}

  /**
   * Looks at everything but the bytes of the files.
   * @throws DomainError BACKUP_INCOMPLETE, BACKUP_DAMAGED, BACKUP_FORMAT_NEWER, BACKUP_UNSUITABLE
   */
  static async open(folder: string, { shape, manifestSha256 }: Expected): Promise<BackupReader> {
    const full = resolve(folder);
    const bytes = await readManifest(full);
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (manifestSha256 !== undefined && actual !== manifestSha256) throw damaged({ file: MANIFEST_NAME, expected: manifestSha256, actual });
    const manifest = decodeManifest(bytes);
    if (shape !== undefined && manifest.shape !== shape) throw new DomainError('BACKUP_UNSUITABLE', { backup: manifest.shape, wanted: shape });
    const digests = await readList(full, manifest);
    await requireOnlyListed(full, digests);
    return new BackupReader(full, manifest, digests);
  }

  paths(below: string): string[] {
    return [...this.digests.keys()].filter((path) => path.startsWith(below));
  }

  /** The digests of its blobs, by their paths. */
  blobs(): string[] {
    return this.paths('blobs/').map((path) => {
      const sha256 = path.slice(-64);
      if (this.digests.get(path) !== sha256) throw damaged({ file: path, problem: 'a blob is named by its digest' });
      return sha256;
    });
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** @throws DomainError BACKUP_DAMAGED: at the first read where the file is missing, at the end where it is another one */
  async *read(path: string): AsyncGenerator<Buffer> {
    const expected = this.digests.get(path);
    if (expected === undefined) throw damaged({ file: path, problem: 'not listed' });
    const hash = createHash('sha256');
    const file = await open(this.path(path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
      throw damaged({ file: path, problem: error.code === 'ENOENT' ? 'missing' : (error.code ?? 'unreadable') }, error);
    });
    try {
      for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    } finally {
      await file.close();
    }
    const actual = hash.digest('hex');
    if (actual !== expected) throw damaged({ file: path, expected, actual });
  }

  /** Reads everything. @throws DomainError BACKUP_DAMAGED */
  async verify(below = ''): Promise<void> {
    this.blobs();
    for (const path of this.paths(below)) for await (const _chunk of this.read(path)) continue;
  }
}

async function readManifest(folder: string): Promise<Buffer> {
  const path = join(folder, MANIFEST_NAME);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile()) {
    const isUnfinished = (await lstat(join(folder, UNFINISHED_NAME)).catch(() => undefined)) !== undefined;
    throw new DomainError('BACKUP_INCOMPLETE', { folder, problem: isUnfinished ? 'it was interrupted, or is still being made' : `there is no ${MANIFEST_NAME}` });
  }
  if (found.size > limits.manifestBytesMax) throw damaged({ file: MANIFEST_NAME, sizeBytes: String(found.size), sizeBytesMax: String(limits.manifestBytesMax) });
  return readFile(path);
}

async function readList(folder: string, manifest: Manifest): Promise<Map<string, string>> {
  const path = join(folder, LIST_NAME);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile()) throw damaged({ file: LIST_NAME, problem: 'missing' });
  if (found.size > limits.listBytesMax) throw damaged({ file: LIST_NAME, sizeBytes: String(found.size), sizeBytesMax: String(limits.listBytesMax) });
  const digests = new Map<string, string>();
  const hash = createHash('sha256');
  const stream = createReadStream(path).on('data', (chunk) => hash.update(chunk));
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    const { sha256 = '', path: name = '' } = LINE.exec(line)?.groups ?? {};
    if (!isBackupPath(name) || digests.has(name)) throw damaged({ file: LIST_NAME, line: line.slice(0, 200) });
    digests.set(name, sha256);
  }
  const actual = hash.digest('hex');
  if (actual !== manifest.listSha256) throw damaged({ file: LIST_NAME, expected: manifest.listSha256, actual });
  if (digests.size !== manifest.files) throw damaged({ file: LIST_NAME, files: String(digests.size), expected: String(manifest.files) });
  return digests;
}

/** What is not listed would be taken for part of the backup by whoever copies folders. */
async function requireOnlyListed(folder: string, digests: ReadonlyMap<string, string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (entry.isDirectory() || OWN.has(path)) continue;
    if (!entry.isFile() || !digests.has(path)) throw damaged({ file: path.slice(0, 200), problem: 'not listed' });
  }
}
