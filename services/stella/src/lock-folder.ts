import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';

const ATTEMPTS_MAX = 3;

/**
 * Takes the folder for this process; gives what frees it. A lock whose process is dead, or was another one under the
 * same number (by its start time), is taken over.
 * @throws DomainError NODE_RUNNING
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  const mine = await identityOf(process.pid);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      await writeFile(path, `${mine}\n`, { flag: 'wx', mode: 0o644 });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = (await readFile(path, 'utf8').catch(() => '')).trim();
    const pid = Number.parseInt(holder, 10);
    if (pid > 0 && (await identityOf(pid)) === holder) throw new DomainError('NODE_RUNNING', { folder, pid: String(pid) });
    await rm(path, { force: true });
  }
  throw new DomainError('NODE_RUNNING', { folder, pid: 'another one that starts' });
}

/** `<pid> <start time in ticks since boot>`: field 22 of proc_pid_stat(5); the name before it may hold spaces. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'gone'}`;
}
