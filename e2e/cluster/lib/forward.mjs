// Makes ports of the machine's loopback reachable from pods, where they are 127.0.0.1 too.
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './command.mjs';
import { LOGS, MACHINE_ADDRESS, STATE } from './paths.mjs';

const PROGRAM = fileURLToPath(new URL('forwarder.mjs', import.meta.url));
const PID_FILE = join(STATE, 'forwarder.pid');

/** Replaces what was forwarded before. */
export async function forward(ports) {
  await stopForwarding();
  const log = openSync(join(LOGS, 'forwarder.log'), 'a');
  const child = spawn(process.execPath, [PROGRAM, MACHINE_ADDRESS, ...ports.map(String)], { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  writeFileSync(PID_FILE, String(child.pid));
  for (const port of ports) await until(`port ${port} of ${MACHINE_ADDRESS}`, 10, () => accepts(port));
}

export async function stopForwarding() {
  if (!existsSync(PID_FILE)) return;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  rmSync(PID_FILE);
  if (!isForwarder(pid)) return;
  process.kill(pid, 'SIGTERM');
  await until('the end of the forwarder', 10, () => !isForwarder(pid)).catch(() => process.kill(pid, 'SIGKILL'));
}

function isForwarder(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(PROGRAM);
  } catch {
    return false;
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: MACHINE_ADDRESS, port }, () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}
