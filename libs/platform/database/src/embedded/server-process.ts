import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DomainError } from '@stella/errors';
import type { Launch } from './account.js';

const LOG_CHARS_MAX = 65_536;
/**
 * Asks the server for a fast shutdown when our pipe closes, be it by `stop` or because this process died, and ends with
 * the server. Signals to the watcher itself change nothing.
 */
const WATCH = `trap "" INT TERM HUP
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ read -r _ <&3; kill -INT "$server"; } >/dev/null 2>&1 & pipe=$!
exec 3<&-
wait "$server"; code=$?
kill -KILL "$pipe" 2>/dev/null
exit "$code"`;

/** The running server and its watcher. */
export class ServerProcess {
  #log = '';

  private constructor(private readonly watcher: ChildProcess) {
    watcher.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARS_MAX);
    });
  }

  /** Resolves when the server accepts connections. @throws DomainError DATABASE_START_FAILED with the end of the log. */
  static async start(command: readonly string[], launch: Launch, timeoutMs: number): Promise<ServerProcess> {
    // A session of its own: Ctrl-C in the terminal reaches us, and we decide when the database stops.
    const watcher = spawn('/bin/sh', ['-c', WATCH, 'stella-postgres', ...launch.prefix, ...command], {
      ...launch.account,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const server = new ServerProcess(watcher);
    await server.#untilReady(timeoutMs);
    return server;
  }

  get running(): boolean {
    return this.watcher.exitCode === null && this.watcher.signalCode === null;
  }

  /** What the server last wrote, for a report of trouble. */
  get log(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const exited = once(this.watcher, 'exit');
    this.watcher.stdin?.destroy();
    await exited;
  }

  async #untilReady(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (how: string) => reject(new DomainError('DATABASE_START_FAILED', { how, log: this.#log.slice(-2_000) }));
    const timer = setTimeout(() => fail(`not ready after ${timeoutMs} ms`), timeoutMs);
    this.watcher.stderr?.on('data', (text: string) => {
      if (text.includes('database system is ready to accept connections')) resolve();
    });
    this.watcher.once('error', (error) => fail(error.message));
    this.watcher.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    try {
      await promise;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
