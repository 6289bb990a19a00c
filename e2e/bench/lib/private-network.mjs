import { spawnSync } from 'node:child_process';

const MARK = 'STELLA_BENCH_PRIVATE_NETWORK';

/**
 * Runs the calling program in a network of its own that has a loopback interface only, for servers that listen on every
 * interface. Returns inside; outside it waits for the inside and ends with its status.
 * @param {string} program its path
 */
export function inPrivateNetwork(program) {
  if (process.env[MARK] === '1') return;
  // Without root, a user namespace gives the right to a network; one's own id, since PostgreSQL refuses to run as root.
  const how = process.getuid() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, program, ...process.argv.slice(2)];
  const { status, error } = spawnSync('unshare', ['--net', ...how, ...inside], { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } });
  if (error) console.error(`bench: no network of its own: ${error.message}; install util-linux and iproute2`);
  process.exit(status ?? 1);
}
