import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildIdOf } from './build-ids.mjs';
import { forkServer } from './fork-server.mjs';
import { KeepAliveClient } from './keep-alive-client.mjs';
import { START_TIMEOUT_MS } from './limits.mjs';

const MARKETPLACE = fileURLToPath(new URL('../parts/marketplace-server.mjs', import.meta.url));
const ELFUTILS_PORT = 8002;
const POLL_MS = 100;

/**
 * @typedef {object} LookupServer of build ids
 * @property {number} port
 * @property {number} ids how many it has
 * @property {number} readyMs how long its start took
 * @property {() => number} memoryBytes resident, of its own process: without a database beside it
 * @property {() => Promise<void>} stop
 */

/** The marketplace with so many ids. @param folder where `builds` lies @returns {Promise<LookupServer>} */
export async function startMarketplace(folder, fileCount, ids) {
  const { pid, message, stop } = await forkServer(MARKETPLACE, [folder, fileCount, ids], join(folder, `marketplace-${ids}.log`));
  return { port: Number(new URL(message.url).port), ids, readyMs: message.readyMs, memoryBytes: () => residentBytes(pid), stop };
}

/** elfutils' server over the same files, ready when it finds the last of them. It binds every interface. @returns {Promise<LookupServer>} */
export async function startElfutils(folder, ids) {
  const startedMs = performance.now();
  const database = join(folder, 'debuginfod.sqlite');
  const child = spawn('debuginfod', ['-F', '-d', database, '-p', String(ELFUTILS_PORT), '-t', '0', join(folder, 'builds')], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C' },
  });
  const ended = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await allFound(child, ids, startedMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: ELFUTILS_PORT, ids, readyMs: performance.now() - startedMs, memoryBytes: () => residentBytes(child.pid), stop };
}

function residentBytes(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

async function allFound(child, ids, startedMs) {
  const client = new KeepAliveClient(ELFUTILS_PORT);
  for (let number = 0; number < ids; ) {
    if (child.exitCode !== null || performance.now() - startedMs > START_TIMEOUT_MS) throw new Error(`debuginfod indexed ${number} of ${ids} files only`);
    // Until it listens there is nobody to answer.
    const found = await client.get(`/buildid/${buildIdOf(number)}/debuginfo`).then(({ status }) => status === 200, () => false);
    if (found) number++;
    else await delay(POLL_MS);
  }
  client.close();
}
