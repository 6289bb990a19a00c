import type { Command } from 'commander';
import { type CliIo, onRun, subcommand } from '@stella/cli/program';

interface BackupWords {
  readonly keys?: string;
  readonly withoutKeys?: boolean;
}

interface RestoreWords {
  readonly keys?: string;
  readonly signedHead?: string;
  readonly manifestSha256?: string;
  readonly check?: boolean;
}

/** `stella backup` and `stella restore`: of the installation below STELLA_HOME, or of the cluster of STELLA_DATABASE_URL. */
export function addBackup(program: Command, io: CliIo): void {
  const backup = subcommand(program, 'backup <folder>', 'Copy an installation into a new folder, while it runs or not', 'stella backup /backups/2027-01-31')
    .option('--without-keys', 'leave out the private keys and the secrets of accounts (embedded)')
    .option('--keys <folder>', 'add these, as `stella keys create` made them, but for root/ (cluster)');
  onRun<BackupWords>(backup, io, async (session, [folder = ''], words) => {
    const { runBackup } = await import('./run-backup.js');
    await runBackup(session, folder, words);
  });

  const restore = subcommand(program, 'restore <folder>', 'Make an installation from a backup, where there is none', 'STELLA_HOME=/var/lib/stella stella restore /backups/2027-01-31')
    .option('--keys <folder>', 'embedded: the keys of a backup without them; cluster: a new folder for those of the backup')
    .option('--signed-head <file>', 'node/keys/log.head of the old installation: what the log is held against (embedded)')
    .option('--manifest-sha256 <hex>', 'refuse any other backup than the one with this manifest')
    .option('--check', 'only look whether the backup is whole');
  onRun<RestoreWords>(restore, io, async (session, [folder = ''], words) => {
    const { runRestore } = await import('./run-restore.js');
    await runRestore(session, folder, words);
  });
}
