import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lastLines, openLog } from '../../servers/lib/log-file.mjs';
import { residentBytes } from '../../servers/lib/memory.mjs';
import { CHECKOUT, mainOf } from './services.mjs';

/** A machine that builds something else beside is slow, not broken. */
const READY_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One process of one service; ended by its pid, and at the latest with the process that started it. */
export class ServiceProcess {
  #child;
  #exited = Promise.resolve({ code: 0, signal: null });

  /** @param {string} service @param {import('../index.d.mts').ReplicaPorts} replica @param {Record<string, string>} env @param {string} log */
  constructor(service, replica, env, log) {
    this.service = service;
    this.name = replica.name;
    this.grpcAddress = `127.0.0.1:${replica.grpcPort}`;
    this.httpAddress = `http://127.0.0.1:${replica.httpPort}`;
    this.env = env;
    this.log = log;
  }

  get pid() {
    return this.isRunning ? this.#child.pid : undefined;
  }

  get isRunning() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Does not wait until it is ready. */
  start(command = 'serve') {
    if (this.isRunning) return;
    mkdirSync(dirname(this.log), { recursive: true });
    const output = openLog(this.log);
    writeSync(output, `--- ${new Date().toISOString()} ${this.name} ${command}\n`);
    const telemetry = command === 'serve' ? ['--import', '@stella/platform-telemetry/register'] : [];
    const child = spawn(process.execPath, [...telemetry, mainOf(this.service), command], {
      // Bare names of `--import` are looked up from the working folder.
      cwd: CHECKOUT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC', ...(process.env.STELLA_NATIVE ? { STELLA_NATIVE: process.env.STELLA_NATIVE } : {}), ...this.env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      });
    });
  }

  /** Resolves when `/readyz` says so. @throws when it ends before, with the end of its log */
  async ready(timeoutMs = READY_TIMEOUT_MS) {
    for (const until = Date.now() + timeoutMs; ; await delay(POLL_MS)) {
      if (await answers(`${this.httpAddress}/readyz`)) return;
      if (!this.isRunning || Date.now() > until) throw new Error(`${this.name} ${this.isRunning ? `is not ready after ${timeoutMs} ms` : 'ended'}; the end of ${this.log}:\n${lastLines(this.log, 15).join('\n')}`);
    }
  }

  /** @returns {Promise<{ code: number | null, signal: string | null }>} */
  exited() {
    return this.#exited;
  }

  /** As an orchestrator does. @returns what it ended with, and after what time */
  async stop(signal = 'SIGTERM', timeoutMs = STOP_TIMEOUT_MS) {
    const startedMs = performance.now();
    if (this.isRunning) this.#child.kill(signal);
    const ended = await Promise.race([this.#exited, delay(timeoutMs).then(() => undefined)]);
    if (!ended) {
      this.#child.kill('SIGKILL');
      throw new Error(`${this.name} did not end within ${timeoutMs} ms of ${signal}; see ${this.log}`);
    }
    return { ...ended, ms: performance.now() - startedMs };
  }

  /** As a power cut would. */
  async kill() {
    if (this.isRunning) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  memoryBytes() {
    return this.pid === undefined ? 0 : residentBytes(this.pid);
  }
}

async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
