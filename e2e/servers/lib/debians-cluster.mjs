import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const CONFIGURATION = '/etc/postgresql-common/createcluster.d/stella-no-main.conf';

/** Debian's package makes and starts a server of its own when it is installed; while `install` runs it does not. */
export async function withoutDebiansCluster(install) {
  if (process.getuid() !== 0 || existsSync('/usr/share/postgresql-common')) return install();
  mkdirSync(dirname(CONFIGURATION), { recursive: true });
  writeFileSync(CONFIGURATION, 'create_main_cluster = false\n');
  try {
    return await install();
  } finally {
    rmSync(CONFIGURATION, { force: true });
  }
}
