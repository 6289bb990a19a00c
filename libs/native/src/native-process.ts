import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Writable } from 'node:stream';
import { DomainError, type ErrorFacts } from '@stella/errors';
import { nativeExecutable } from './executable.js';
import { STDERR_BYTES_KEPT } from './limits.js';

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError?: Error;
}

/** One child, its streams and its end. */
export class NativeProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exit: Promise<Exit>;
  #stderrTail = '';
  #killedFor: DomainError | undefined;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(nativeExecutable(), args, { stdio: 'pipe', env: { ...env } });
    this.#exit = new Promise((resolve) => {
      this.#child.once('error', (startError) => resolve({ code: null, signal: null, startError }));
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.#child.stdout.on('error', () => undefined);
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_BYTES_KEPT);
    });
  }

  get stdin(): Writable {
    return this.#child.stdin;
  }

  chunks(): AsyncIterable<Buffer> {
    return this.#child.stdout as AsyncIterable<Buffer>;
  }

  /** Kills at once; the first reason is the one that is told. */
  kill(reason: DomainError): void {
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the child has exited with status 0. @throws the reason of `kill`, NATIVE_MISSING, NATIVE_CRASHED */
  async succeeded(facts: ErrorFacts): Promise<void> {
    const exit = await this.#exit;
    if (this.#killedFor !== undefined) throw this.#killedFor;
    if (exit.startError !== undefined) {
      throw new DomainError('NATIVE_MISSING', { ...facts, cause: exit.startError.message }, { cause: exit.startError });
    }
    if (exit.code === 0) return;
    throw new DomainError('NATIVE_CRASHED', {
      ...facts,
      ...(exit.signal === null ? { exitCode: String(exit.code) } : { signal: exit.signal }),
      ...(this.#stderrTail === '' ? {} : { stderr: this.#stderrTail }),
    });
  }

  /** Kills what still runs, and waits for its end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    await this.#exit;
  }
}
