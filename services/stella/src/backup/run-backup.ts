import { join, resolve } from 'node:path';
import { defaultDataFolder, facts, type Session } from '@stella/cli';
import { DomainError } from '@stella/errors';
import { BackupWriter } from './backup-writer.js';
import { backUpCluster, clusterConfig, isCluster } from './cluster.js';
import { backUpEmbedded } from './embedded-backup.js';
import { ownVersion } from './own-version.js';

export async function runBackup({ io, output }: Session, folder: string, { keys, withoutKeys = false }: { readonly keys?: string; readonly withoutKeys?: boolean }): Promise<void> {
  const ofCluster = isCluster(io.env);
  if (ofCluster && withoutKeys) throw new DomainError('USAGE_INVALID', { option: '--without-keys', problem: 'keys of a cluster are left out unless --keys names them' });
  if (!ofCluster && keys !== undefined) throw new DomainError('USAGE_INVALID', { option: '--keys', problem: 'an embedded installation has its keys with it' });
  const startMs = performance.now();
  const options = { withoutKeys, madeBy: ownVersion(), now: io.now(), onProgress: (what: string) => output.progress(what) };
  const config = ofCluster ? clusterConfig(io.env) : undefined;
  const writer = await BackupWriter.open(resolve(io.cwd, folder));
  try {
    const made = config
      ? await backUpCluster(config, writer, keys === undefined ? undefined : resolve(io.cwd, keys), options)
      : await backUpEmbedded(join(defaultDataFolder(io.env), 'node'), writer, options);
    const { manifest, manifestSha256 } = made;
    const seconds = Math.round(performance.now() - startMs) / 1_000;
    output.answer({ folder: made.folder, manifestSha256, ...manifest, seconds }, () =>
      facts([
        ['backup', made.folder],
        ['of', `${manifest.organisation} (${manifest.shape})`],
        ['holds', `${manifest.files} files, ${manifest.blobs} blobs, ${(manifest.sizeBytes / 2 ** 20).toFixed(1)} MiB, in ${seconds} s`],
        ['keys', manifest.keys === 'included' ? 'included: whoever has this backup signs in your name' : 'left out: keep them elsewhere'],
        ['manifest', `sha256 ${manifestSha256}  (note it elsewhere: \`stella restore --manifest-sha256\`)`],
      ]),
    );
  } finally {
    await writer.close();
  }
}
