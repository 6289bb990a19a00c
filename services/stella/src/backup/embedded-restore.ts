import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@stella/errors';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { EmbeddedPostgres } from '@stella/platform-database';
import { KEY_FILES } from '../installation.js';
import { lockFolder } from '../lock-folder.js';
import type { BackupReader } from './backup-reader.js';
import { restoreBlobs } from './blobs.js';
import { keysFor, writeKeys } from './key-files.js';

export interface EmbeddedRestoreOptions {
  /** Of a backup that holds no keys. */
  readonly keys?: string;
  /** How far the log was signed, from what is left of the old installation: `node/keys/log.head`. */
  readonly signedHead?: string;
  readonly onProgress: (what: string) => void;
}

/**
 * Makes an installation where there is none, beside its place and moved there once it is whole and its database has
 * started: what fails leaves nothing but a folder that the next one takes over.
 * @param folder of the node
 * @throws DomainError INSTALLATION_NOT_EMPTY, BACKUP_DAMAGED, BACKUP_KEYS_MISSING, DATABASE_START_FAILED
 */
export async function restoreEmbedded(reader: BackupReader, folder: string, { keys, signedHead, onProgress }: EmbeddedRestoreOptions): Promise<void> {
  await requireEmpty(folder);
  const staging = `${folder}.restoring`;
  // The database's account passes through.
  await mkdir(staging, { recursive: true, mode: 0o711 });
  const unlock = await lockFolder(staging);
  try {
    for (const name of await readdir(staging)) if (name !== 'lock') await rm(join(staging, name), { recursive: true, force: true });
    const keyFiles = await keysFor(reader, keys);
    const missing = KEY_FILES.filter((name) => !keyFiles.has(name));
    if (missing.length > 0) throw new DomainError('BACKUP_KEYS_MISSING', { keys: keys ?? reader.folder, missing: missing.join(' ') });
    await writeKeys(keyFiles, join(staging, 'keys'));
    if (signedHead !== undefined) await copyHead(signedHead, join(staging, 'keys', 'log.head'));
    for (const path of reader.paths('')) if (!/^(?:keys|blobs)\//.test(path)) await place(reader, path, staging);
    for (const path of reader.manifest.emptyFolders) await mkdir(join(staging, path), { recursive: true, mode: 0o700 });
    for (const name of ['organisation', 'trust-root.json', 'ports.json']) await chmod(join(staging, name), 0o644).catch(() => undefined);
    onProgress('blobs');
    await restoreBlobs(reader, await DirectoryBlobStore.open(join(staging, 'blobs')));
    onProgress('database');
    await recover(staging);
    await rm(join(staging, 'run'), { recursive: true, force: true });
    await unlock();
    await moveTo(folder, staging);
  } finally {
    await unlock();
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new DomainError('FILE_UNREADABLE', { path: folder, problem: error.code ?? '' }, { cause: error });
  });
  if (names.length > 0) throw new DomainError('INSTALLATION_NOT_EMPTY', { folder, holds: names.slice(0, 5).join(' ') });
}

async function place(reader: BackupReader, path: string, staging: string): Promise<void> {
  await mkdir(dirname(join(staging, path)), { recursive: true, mode: path.includes('/') ? 0o700 : 0o711 });
  // The database flushes what is its own before it recovers.
  const flush = !path.startsWith('postgres/');
  await pipeline(reader.read(path), createWriteStream(join(staging, path), { flags: 'wx', mode: 0o600, flush }));
}

async function copyHead(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((cause: NodeJS.ErrnoException) => {
    throw new DomainError('FILE_UNREADABLE', { path: from, problem: cause.code ?? '' }, { cause });
  });
  await chmod(to, 0o600);
}

/** Replays the log of the copy, so that a database that cannot start is found now and not by the node. */
async function recover(staging: string): Promise<void> {
  const server = await EmbeddedPostgres.start({ dataFolder: join(staging, 'postgres'), socketFolder: join(staging, 'run') });
  await server.stop();
}

/** Over nothing, or an empty folder. */
async function moveTo(folder: string, staging: string): Promise<void> {
  await rename(staging, folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOTEMPTY' || cause.code === 'EEXIST') throw new DomainError('INSTALLATION_NOT_EMPTY', { folder }, { cause });
    throw new DomainError('FILE_NOT_WRITTEN', { path: folder, problem: cause.code ?? '' }, { cause });
  });
}
