import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';
import { LocalBlobCache, S3BlobStore } from '@stella/platform-blobs';
import { type Environment, loadConfig, variableName } from '@stella/platform-config';
import { dumpDatabase, restoreDump } from '@stella/platform-database';
import { resumeOutbox } from '@stella/platform-events';
import { addressOf, DATABASE_FIELDS, S3_FIELDS, s3Of, SERVER_FIELDS, SHARED_FIELDS, TOPIC_RETENTION_FIELDS } from '@stella/platform-process';
import { z } from 'zod';
import type { BackupReader } from './backup-reader.js';
import type { BackupWriter, Written } from './backup-writer.js';
import { backUpBlobs, restoreBlobs } from './blobs.js';
import type { BackupOptions } from './embedded-backup.js';
import { backUpKeys, keysFor, writeKeys } from './key-files.js';
import { requireEmpty } from './require-empty.js';

const DUMP = 'database.dump';
const SCHEMA = z.object({ ...DATABASE_FIELDS, ...S3_FIELDS, organisation: SERVER_FIELDS.organisation, ...TOPIC_RETENTION_FIELDS });
/** The root key never comes near a cluster, nor into its backups. */
const ROOT_KEY = /^root\//;

type ClusterConfig = Readonly<z.output<typeof SCHEMA>>;

export function isCluster(env: Environment): boolean {
  return [env['STELLA_DATABASE_URL'], env['STELLA_DATABASE_URL_FILE']].some((value) => value !== undefined && value !== '');
}

/** The variables of the processes, of which those of the database and the store are read. @throws DomainError CONFIG_INVALID */
export function clusterConfig(env: Environment): ClusterConfig {
  const others = Object.keys(SHARED_FIELDS).filter((key) => !(key in SCHEMA.shape)).flatMap((key) => [variableName(key), `${variableName(key)}_FILE`]);
  return loadConfig(SCHEMA, env, { alsoKnown: [...others, 'STELLA_HOME', 'STELLA_CONNECTION', 'STELLA_NATIVE', 'STELLA_TRACES'] });
}

/** All schemas in one snapshot, then the blobs, then the key files of `keys`, as `stella keys create` made them. */
export async function backUpCluster(config: ClusterConfig, writer: BackupWriter, keys: string | undefined, { madeBy, now, onProgress }: BackupOptions): Promise<Written> {
  const store = await openStore(config);
  onProgress('database');
  const { version, schemas } = await dumpDatabase(addressOf(config), (bytes) => writer.write(DUMP, bytes));
  let blobs = 0;
  await backUpBlobs(store, writer, () => onProgress(`blobs: ${++blobs}`));
  if (keys !== undefined) await backUpKeys(keys, writer, (path) => ROOT_KEY.test(path));
  return writer.finish({ shape: 'cluster', organisation: config.organisation, madeBy, createTime: now, databaseVersion: version, schemas, keys: keys === undefined ? 'left-out' : 'included' });
}

/**
 * Into schemas that `provisionService` made and nobody has migrated. Blobs come first and are only added, the database is
 * one transaction: what failed is repeated.
 * @param keys a new folder, for the keys of the backup
 * @throws DomainError INSTALLATION_NOT_EMPTY, BACKUP_DAMAGED, DATABASE_TOOL_FAILED
 */
export async function restoreCluster(reader: BackupReader, config: ClusterConfig, keys: string | undefined, onProgress: (what: string) => void): Promise<void> {
  const { manifest } = reader;
  if (manifest.organisation !== config.organisation) throw new DomainError('BACKUP_UNSUITABLE', { backup: manifest.organisation, wanted: config.organisation });
  if (keys !== undefined) await requireEmpty(keys);
  const keyFiles = keys === undefined ? undefined : await keysFor(reader, undefined);
  onProgress('looking at the backup');
  await reader.verify();
  onProgress('blobs');
  await restoreBlobs(reader, await openStore(config));
  onProgress('database');
  // What was sent before Kafka's retention has been taken in, or will never be.
  const afterwards = resumeOutbox(new Date(manifest.createTime.getTime() - config.retentionTopics));
  await restoreDump(addressOf(config), { schemas: manifest.schemas, path: reader.path(DUMP), afterwards });
  if (keys !== undefined && keyFiles) await writeKeys(keyFiles, keys);
}

async function openStore(config: ClusterConfig): Promise<S3BlobStore> {
  const cache = await LocalBlobCache.open(config.blobCacheFolder ?? join(tmpdir(), `stella-blobs-${process.getuid?.()}`), { sizeBytesMax: config.blobCacheSize });
  return S3BlobStore.open(s3Of(config), cache);
}
