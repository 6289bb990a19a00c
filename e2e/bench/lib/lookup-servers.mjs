import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildIdOf } from './build-ids.mjs';
import { KeepAliveClient } from './keep-alive-client.mjs';
import { START_TIMEOUT_MS } from './limits.mjs';

const MARKETPLACE = fileURLToPath(new URL('../parts/marketplace-server.mjs', import.meta.url));
const ELFUTILS_PORT = 8002;
const POLL_MS = 100;

/** A server of build ids; `ids`: how many it has. */
class LookupServer {
  constructor(child, port, ids, readyMs) {
    Object.assign(this, { child, port, ids, readyMs });
  }

  /** Resident, in bytes; of its own process, so without a database beside it. */
  get memoryBytes() {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.connected) this.child.disconnect();
    else this.child.kill('SIGTERM');
    await ended;
  }
}

/** The marketplace with so many ids. @param folder where `builds` lies */
export async function startMarketplace(folder, fileCount, ids) {
  const child = fork(MARKETPLACE, [folder, fileCount, ids].map(String), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { url, readyMs } = await new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', (code, signal) => reject(new Error(`the marketplace ended with ${signal ?? code} before it listened`)));
  });
  return new LookupServer(child, Number(new URL(url).port), ids, readyMs);
}

/** elfutils' server over the same files, ready when it finds the last of them. It binds every interface. */
export async function startElfutils(folder, ids) {
  const startedMs = performance.now();
  const database = join(folder, 'debuginfod.sqlite');
  const child = spawn('debuginfod', ['-F', '-d', database, '-p', String(ELFUTILS_PORT), '-t', '0', join(folder, 'builds')], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C' },
  });
  const server = new LookupServer(child, ELFUTILS_PORT, ids, 0);
  try {
    await allFound(child, ids, startedMs);
  } catch (error) {
    await server.stop();
    throw error;
  }
  server.readyMs = performance.now() - startedMs;
  return server;
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
