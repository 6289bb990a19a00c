import { spawn, spawnSync } from 'node:child_process';
import { CHILD_TIMEOUT_MS } from './limits.mjs';

/** Where tools are found; no translation of what they print. */
const TOOL_ENVIRONMENT = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };

/**
 * Runs a program to its end, its output thrown away. @throws Error when it does not end with the status that is expected:
 * a program that failed early is never a fast one
 * @param {{ input?: string, cwd?: string, env?: Record<string, string>, exitCode?: number }} [options]
 */
export async function runProgram(command, args, { input, cwd, env = TOOL_ENVIRONMENT, exitCode = 0 } = {}) {
  const child = spawn(command, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'], cwd, env, timeout: CHILD_TIMEOUT_MS, killSignal: 'SIGKILL' });
  if (input !== undefined) child.stdin.on('error', () => undefined).end(input);
  const [code, signal] = await new Promise((resolve, reject) => child.once('error', reject).once('exit', (...ended) => resolve(ended)));
  if (code !== exitCode) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}, not with ${exitCode}`);
}

/** The first line of what a tool says about its version. @throws Error with how to install it, where it is missing */
export function requireTool(tool, howToInstall) {
  const { status, stdout, stderr } = spawnSync(tool, ['--version'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} is missing, and is what is measured against: ${howToInstall}`);
  return (stdout || stderr).split('\n', 1)[0];
}
