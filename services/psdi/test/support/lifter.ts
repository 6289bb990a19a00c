import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { nativeExecutable } from '@stella/native';

/**
 * The real `stella-native` behind a script that writes down each command and dies when told to. The script is what the
 * service knows as its lifter.
 */
export class WatchedLifter {
  readonly sha256: string;
  readonly #script: string;
  readonly #log: string;
  readonly #crash: string;
  readonly #hang: string;
  readonly #pids: string;
  readonly #before = process.env.STELLA_NATIVE;

  constructor(folder: string) {
    this.#script = join(folder, 'stella-native');
    this.#log = join(folder, 'commands');
    this.#crash = join(folder, 'crash');
    this.#hang = join(folder, 'hang');
    this.#pids = join(folder, 'pids');
    const text = [
      '#!/bin/sh',
      `echo "$1" >> '${this.#log}'`,
      `if [ -e '${this.#crash}' ]; then kill -SEGV $$; fi`,
      `if [ -e '${this.#hang}' ]; then echo $$ >> '${this.#pids}'; exec /bin/sleep 60; fi`,
      `exec '${nativeExecutable()}' "$@"`,
      '',
    ].join('\n');
    writeFileSync(this.#script, text);
    chmodSync(this.#script, 0o755);
    this.sha256 = createHash('sha256').update(text).digest('hex');
    process.env.STELLA_NATIVE = this.#script;
  }

  get lifts(): number {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').split('\n').filter((line) => line === 'index').length : 0;
  }

  crashing<T>(work: () => Promise<T>): Promise<T> {
    return whileThereIs(this.#crash, work);
  }

  hanging<T>(work: () => Promise<T>): Promise<T> {
    return whileThereIs(this.#hang, work);
  }

  /** Processes that were told to hang and still do. */
  get hungPids(): number[] {
    const pids = existsSync(this.#pids) ? readFileSync(this.#pids, 'utf8').trim().split('\n').map(Number) : [];
    return pids.filter((pid) => existsSync(`/proc/${pid}/exe`));
  }

  /** Puts another file in its place while the work runs. */
  async replaced<T>(work: () => Promise<T>): Promise<T> {
    const text = readFileSync(this.#script, 'utf8');
    writeFileSync(this.#script, `${text}# another one\n`);
    try {
      return await work();
    } finally {
      writeFileSync(this.#script, text);
    }
  }

  restore(): void {
    if (this.#before === undefined) delete process.env.STELLA_NATIVE;
    else process.env.STELLA_NATIVE = this.#before;
  }
}

async function whileThereIs<T>(path: string, work: () => Promise<T>): Promise<T> {
  writeFileSync(path, '');
  try {
    return await work();
  } finally {
    rmSync(path);
  }
}

/** Whether the executable is built; says loudly that tests are skipped where it is not. */
export function lifterIsHere(suite: string): boolean {
  try {
    nativeExecutable();
    return true;
  } catch (error) {
    // In CI what was not checked is a failure.
    if (!isDomainError(error, 'NATIVE_MISSING') || process.env['CI']) throw error;
    process.stderr.write(`SKIPPED ${suite}: ${error.facts.path} is missing; ${error.next}\n`);
    return false;
  }
}
