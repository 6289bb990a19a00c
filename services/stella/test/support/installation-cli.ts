import { type CliIo } from '@stella/cli';
import { buildProgram, runProgram } from '@stella/cli/program';
import { addBackup } from '../../src/backup/commands.js';
import type { Ran } from './cli.js';
import type { ErrorReport } from './error-report.js';

/** The commands that work on an installation and not through it: `stella backup`, `stella restore`. */
export async function onInstallation(cwd: string, env: CliIo['env'], ...argv: readonly string[]): Promise<Ran> {
  let [out, stderr] = ['', ''];
  const io: CliIo = { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (stderr += text) }, env, cwd, isTty: false, now: () => new Date() };
  const words = ['--json', ...argv];
  const program = await buildProgram(io, words);
  addBackup(program, io);
  const exitCode = await runProgram(program, words, io);
  const failure = stderr.split('\n').find((line) => line.startsWith('{"error":'));
  const error = failure === undefined ? undefined : (JSON.parse(failure) as { error: ErrorReport }).error;
  return { exitCode, stderr, answer: out === '' ? undefined : JSON.parse(out), error };
}
