import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError, isDomainError } from '@stella/errors';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { copyRunningDatabase, EmbeddedPostgres } from '@stella/platform-database';
import { lockFolder } from '../lock-folder.js';
import type { BackupWriter, Written } from './backup-writer.js';
import { backUpBlobs } from './blobs.js';
import { backUpKeys } from './key-files.js';

/** How far the log was signed is what a restored database is held against: it must not come out of the same backup. */
const SIGNED_HEAD = /^log\.head/;
const UNFINISHED_KEY = /\.pem\.[0-9a-f-]{36}$/;

export interface BackupOptions {
  readonly withoutKeys: boolean;
  readonly madeBy: string;
  readonly now: Date;
  readonly onProgress: (what: string) => void;
}

/**
 * Of an embedded installation, whether it runs or not: keys, the database as one state, then the blobs.
 * @param folder of the node
 * @throws DomainError CONFIG_INVALID where there is none, and those of the writer, the database and the blobs
 */
export async function backUpEmbedded(folder: string, writer: BackupWriter, { withoutKeys, madeBy, now, onProgress }: BackupOptions): Promise<Written> {
  const organisation = await organisationOf(folder);
  for (const name of ['organisation', 'trust-root.json', 'ports.json']) await writer.copy(name, join(folder, name));
  if (!withoutKeys) await backUpKeys(join(folder, 'keys'), writer, (path) => SIGNED_HEAD.test(path) || UNFINISHED_KEY.test(path));
  onProgress('database');
  const { version } = await withServer(folder, (socketFolder) =>
    copyRunningDatabase(EmbeddedPostgres.connectionAt(socketFolder), resolve(folder, 'postgres'), {
      file: async (path, source) => void (await writer.copy(`postgres/${path}`, source)),
      bytes: (path, bytes) => writer.write(`postgres/${path}`, bytes),
      folder: (path) => writer.addFolder(`postgres/${path}`),
    }),
  );
  let blobs = 0;
  await backUpBlobs(await DirectoryBlobStore.open(join(folder, 'blobs')), writer, () => onProgress(`blobs: ${++blobs}`));
  return writer.finish({ shape: 'embedded', organisation, madeBy, createTime: now, databaseVersion: version, schemas: [], keys: withoutKeys ? 'left-out' : 'included' });
}

async function organisationOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'organisation'), 'utf8').catch(() => undefined);
  const hasDatabase = await stat(join(folder, 'postgres', 'PG_VERSION')).then(() => true, () => false);
  if (text === undefined || !hasDatabase) throw new DomainError('CONFIG_INVALID', { problems: 'there is no installation in this folder: set STELLA_HOME', folder });
  return text.trim();
}

/** The server of the node that runs, or one of our own while the folder is ours. */
async function withServer<T>(folder: string, work: (socketFolder: string) => Promise<T>): Promise<T> {
  const socketFolder = join(folder, 'run');
  const unlock = await lockFolder(folder).catch((error: unknown) => {
    if (isDomainError(error, 'NODE_RUNNING')) return undefined;
    throw error;
  });
  if (!unlock) return work(socketFolder);
  try {
    const server = await EmbeddedPostgres.start({ dataFolder: join(folder, 'postgres'), socketFolder });
    return await work(socketFolder).finally(() => server.stop());
  } finally {
    await unlock();
  }
}
