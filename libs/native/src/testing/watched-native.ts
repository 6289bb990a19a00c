import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeExecutable } from '../executable.js';

/**
 * The real `stella-native` behind a script that writes down each command, and dies, hangs or starves when told to. The
 * script is what services know as their native executable until `restore`.
 */
export class WatchedNative {
  /** Of the script. */
  readonly sha256: string;
  readonly #script: string;
  readonly #log: string;
  readonly #pids: string;
  readonly #before = process.env.STELLA_NATIVE;

  constructor(private readonly folder: string) {
    this.#script = join(folder, 'stella-native');
    this.#log = join(folder, 'commands');
    this.#pids = join(folder, 'pids');
    const text = [
      '#!/bin/sh',
      `echo "$1" >> '${this.#log}'`,
      `if [ -e '${this.#sign('crash', '')}'"$1" ]; then kill -SEGV $$; fi`,
      `if [ -e '${this.#sign('kill', '')}'"$1" ]; then kill -KILL $$; fi`,
      `if [ -e '${this.#sign('hang', '')}'"$1" ]; then echo $$ >> '${this.#pids}'; exec /bin/sleep 60; fi`,
      `if [ -e '${this.#sign('starve', '')}'"$1" ]; then exec '${nativeExecutable()}' "$1" "$2" --memory-bytes-max 100000; fi`,
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

  /** As a fault in the executable does. */
  crashing<T>(work: () => Promise<T>, command = 'index'): Promise<T> {
    return whileThereIs(this.#sign('crash', command), work);
  }

  /** As the kernel does where memory runs out. */
  killed<T>(work: () => Promise<T>, command = 'index'): Promise<T> {
    return whileThereIs(this.#sign('kill', command), work);
  }

  hanging<T>(work: () => Promise<T>, command = 'index'): Promise<T> {
    return whileThereIs(this.#sign('hang', command), work);
  }

  /** With far less memory than it needs. */
  starving<T>(work: () => Promise<T>, command = 'index'): Promise<T> {
    return whileThereIs(this.#sign('starve', command), work);
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

  #sign(trouble: string, command: string): string {
    return join(this.folder, `${trouble}-${command}`);
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
