import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { STOP_TIMEOUT_MS } from '../limits.mjs';
import { openLog } from './log-file.mjs';
import { identify, isRunning, withDescendants } from './process-identity.mjs';
import { ServerError } from './server-error.mjs';

const POLL_MS = 50;

/**
 * Starts a program that outlives us, in a session of its own, with both outputs appended to `log`.
 * @param {{ command: string, args: readonly string[], env?: Record<string, string>, account?: { uid: number, gid: number } }} launch
 * @param {string} log @returns {Promise<import('./process-identity.mjs').ProcessIdentity>}
 */
export async function startDetached({ command, args, env = {}, account }, log) {
  const output = openLog(log);
  try {
    writeSync(output, `--- ${new Date().toISOString()} ${[command, ...args].join(' ')}\n`);
    const child = spawn(command, args, {
      ...account,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
    });
    await once(child, 'spawn').catch((cause) => {
      throw new ServerError(`${command} cannot be started: ${cause.message}`, undefined, { cause });
    });
    child.unref();
    return identify(child.pid) ?? { pid: child.pid, startedAt: 'ended at once' };
  } finally {
    closeSync(output);
  }
}

/** Asks politely, waits, then kills; returns when nothing of it runs. A process that is not the recorded one is left alone. */
export async function stopProcess(identity, signal = 'SIGTERM', timeoutMs = STOP_TIMEOUT_MS) {
  if (!isRunning(identity)) return;
  const all = withDescendants(identity);
  send(identity, signal);
  if (!(await haveEnded(all, timeoutMs))) await killAll(all);
}

/** As a power cut would, the process and what it started. */
export async function killProcess(identity) {
  if (isRunning(identity)) await killAll(withDescendants(identity));
}

/** @param {readonly import('./process-identity.mjs').ProcessIdentity[]} identities */
export async function killAll(identities) {
  for (const identity of identities) send(identity, 'SIGKILL');
  if (!(await haveEnded(identities, STOP_TIMEOUT_MS))) {
    throw new ServerError(`the processes ${identities.filter(isRunning).map(({ pid }) => pid).join(', ')} do not end`);
  }
}

function send(identity, signal) {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function haveEnded(identities, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (identities.some(isRunning)) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
