import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '@stella/errors';
import type { BackupReader } from './backup-reader.js';
import type { BackupWriter } from './backup-writer.js';
import { limits } from './limits.js';

const BELOW = 'keys/';

/** @param isLeftOut by the path in the folder */
export async function backUpKeys(folder: string, writer: BackupWriter, isLeftOut: (path: string) => boolean): Promise<void> {
  for (const path of await keyFilesIn(folder)) if (!isLeftOut(path)) await writer.copy(`${BELOW}${path}`, join(folder, path));
}

/** The keys of the backup, or of `given` where it holds none, by their paths in the folder of keys. @throws DomainError BACKUP_KEYS_MISSING, USAGE_INVALID */
export async function keysFor(reader: BackupReader, given: string | undefined): Promise<ReadonlyMap<string, Buffer>> {
  if (reader.manifest.keys === 'included') {
    if (given !== undefined) throw new DomainError('USAGE_INVALID', { option: '--keys', problem: 'the backup holds the keys' });
    return new Map(await Promise.all(reader.paths(BELOW).map(async (path) => [path.slice(BELOW.length), await wholeOf(reader.read(path))] as const)));
  }
  if (given === undefined) throw new DomainError('BACKUP_KEYS_MISSING', { backup: reader.folder, keys: 'left out' });
  return new Map(await Promise.all((await keyFilesIn(given)).map(async (path) => [path, await readFile(join(given, path))] as const)));
}

export async function writeKeys(keys: ReadonlyMap<string, Buffer>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [path, bytes] of keys) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    const file = await open(join(folder, path), 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function keyFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new DomainError('FILE_UNREADABLE', { path: folder, problem: cause.code ?? '' }, { cause });
  });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  if (paths.length > limits.keyFilesMax) throw new DomainError('USAGE_INVALID', { folder, files: String(paths.length), filesMax: String(limits.keyFilesMax), problem: 'no folder of keys' });
  for (const path of paths) if ((await stat(path)).size > limits.keyFileBytesMax) throw new DomainError('FILE_TOO_LARGE', { path, sizeBytesMax: String(limits.keyFileBytesMax) });
  return paths.map((path) => path.slice(join(folder, '/').length));
}

async function wholeOf(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
