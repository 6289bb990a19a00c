// A Docker of the tests' own: no bridge, no rules, no socket that others know. Its data is a cache of layers.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, until } from '../../e2e/cluster/lib/command.mjs';
import { ensureDebianPackages } from '../../e2e/cluster/lib/debian.mjs';
import { CACHE } from '../../e2e/cluster/lib/paths.mjs';

const FOLDER = join(CACHE, '..', 'docker');
/** Debian's own client: one that came from elsewhere may want a builder that it lacks. */
const CLIENT = '/usr/bin/docker';
const SOCKET = join(FOLDER, 'docker.sock');
const PID_FILE = join(FOLDER, 'dockerd.pid');

export function docker(args, options = {}) {
  return call(CLIENT, ['--host', `unix://${SOCKET}`, ...args], { ...options, env: { ...process.env, DOCKER_BUILDKIT: '1', ...options.env } });
}

/** @returns what ends it, if it was started here */
export async function startDocker() {
  ensureDebianPackages({ dockerd: 'docker.io', debootstrap: 'debootstrap' });
  mkdirSync(FOLDER, { recursive: true });
  if (runningPid() !== undefined) return () => Promise.resolve();
  rmSync(PID_FILE, { force: true });
  const log = openSync(join(FOLDER, 'dockerd.log'), 'a');
  const places = ['--data-root', join(FOLDER, 'data'), '--exec-root', join(FOLDER, 'exec'), '--pidfile', PID_FILE, '--host', `unix://${SOCKET}`];
  const none = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const daemon = spawn('dockerd', [...places, ...none], { detached: true, stdio: ['ignore', log, log] });
  daemon.unref();
  await until('dockerd', 60, () => {
    if (daemon.exitCode !== null) throw new Error(readFileSync(join(FOLDER, 'dockerd.log'), 'utf8').slice(-1_000));
    return docker(['version']);
  });
  writeFileSync(PID_FILE, String(daemon.pid));
  return stopDocker;
}

export async function stopDocker() {
  const pid = runningPid();
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  await until('the end of dockerd', 60, () => !existsSync(`/proc/${pid}`));
}

function runningPid() {
  if (!existsSync(PID_FILE)) return undefined;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  const command = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  return command.startsWith('dockerd\0') ? pid : undefined;
}
