import { join } from 'node:path';
import { type CliIo, runCli } from '@stella/cli';
import type { ErrorReport } from './error-report.js';

export interface Ran {
  readonly exitCode: number;
  readonly stderr: string;
  /** What the command answered; what it has depends on the command. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly answer: any;
  /** What it failed with, where it failed. */
  readonly error: ErrorReport | undefined;
}

/** A command line of its own folder: releases that are built, connections and files are kept there. */
export class CommandLine {
  constructor(
    readonly folder: string,
    readonly connectionPath = join(folder, 'connection.json'),
  ) {}

  /** Runs a `stella` command in this process, answering in JSON. */
  async run(...argv: readonly string[]): Promise<Ran> {
    let [out, stderr] = ['', ''];
    const io: CliIo = {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (stderr += text) },
      env: { STELLA_HOME: this.folder, STELLA_CONNECTION: this.connectionPath },
      cwd: this.folder,
      isTty: false,
      now: () => new Date(),
    };
    const exitCode = await runCli(['--json', ...argv], io);
    const failure = stderr.split('\n').find((line) => line.startsWith('{"error":'));
    const error = failure === undefined ? undefined : (JSON.parse(failure) as { error: ErrorReport }).error;
    return { exitCode, stderr, answer: out === '' ? undefined : JSON.parse(out), error };
  }
}
