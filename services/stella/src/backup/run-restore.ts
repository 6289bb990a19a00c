import { join, resolve } from 'node:path';
import { defaultDataFolder, facts, type Session } from '@stella/cli';
import { DomainError } from '@stella/errors';
import { BackupReader } from './backup-reader.js';
import { clusterConfig, isCluster, restoreCluster } from './cluster.js';
import { restoreEmbedded } from './embedded-restore.js';

export interface RestoreWords {
  readonly keys?: string;
  readonly signedHead?: string;
  readonly manifestSha256?: string;
  readonly check?: boolean;
}

export async function runRestore({ io, output }: Session, folder: string, { keys, signedHead, manifestSha256, check = false }: RestoreWords): Promise<void> {
  const ofCluster = isCluster(io.env);
  if (ofCluster && signedHead !== undefined) throw new DomainError('USAGE_INVALID', { option: '--signed-head', problem: 'that of a cluster stands in its bucket' });
  if (manifestSha256 !== undefined && !/^[0-9a-f]{64}$/.test(manifestSha256)) throw new DomainError('USAGE_INVALID', { option: '--manifest-sha256', problem: '64 lower-case hexadecimal digits are expected' });
  const at = (path: string | undefined) => (path === undefined ? undefined : resolve(io.cwd, path));
  const startMs = performance.now();
  const onProgress = (what: string) => output.progress(what);
  const config = ofCluster && !check ? clusterConfig(io.env) : undefined;
  const reader = await BackupReader.open(resolve(io.cwd, folder), { ...(check ? {} : { shape: ofCluster ? 'cluster' : 'embedded' }), ...(manifestSha256 === undefined ? {} : { manifestSha256 }) });
  const { manifest } = reader;
  const place = ofCluster ? 'the database and the bucket' : join(defaultDataFolder(io.env), 'node');
  if (check) await reader.verify();
  else if (config) await restoreCluster(reader, config, at(keys), onProgress);
  else await restoreEmbedded(reader, place, { ...optional('keys', at(keys)), ...optional('signedHead', at(signedHead)), onProgress });
  const seconds = Math.round(performance.now() - startMs) / 1_000;
  output.answer({ ...manifest, folder: reader.folder, ...(check ? {} : { restoredTo: place }), seconds }, () =>
    facts([
      [check ? 'whole' : 'restored', reader.folder],
      ['of', `${manifest.organisation} (${manifest.shape}), ${manifest.createTime.toISOString()}`],
      ...(check ? [] : ([['to', place]] as [string, string][])),
      ['holds', `${manifest.files} files, ${manifest.blobs} blobs, ${(manifest.sizeBytes / 2 ** 20).toFixed(1)} MiB, in ${seconds} s`],
    ]),
  );
  if (!check && !ofCluster && signedHead === undefined) {
    output.note('The log goes on from the end of this backup. If it was signed beyond, only peers that saw it notice: see deploy/runbooks/backup-and-restore.md before you start it.');
  }
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}
