import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ServerError } from './server-error.mjs';
import { INSTALL_TIMEOUT_MS } from '../limits.mjs';

const OUTPUT_CHARS_SHOWN = 4_000;

/**
 * Runs a program to its end and returns what it printed, on both outputs.
 * @param {string} command @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, input?: string, account?: { uid: number, gid: number }, timeoutMs?: number, nextStep?: string }} [options]
 *   `nextStep`: what to do if it fails
 */
export async function runProgram(command, args, { env = {}, cwd, input = '', account, timeoutMs = INSTALL_TIMEOUT_MS, nextStep } = {}) {
  const signal = AbortSignal.timeout(timeoutMs);
  const child = spawn(command, args, { ...account, cwd, env: { ...process.env, ...env }, signal, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  // Who does not read its input is no failure.
  child.stdin.on('error', () => {}).end(input);
  try {
    const [code, killedBy] = await once(child, 'close');
    if (code !== 0) throw new Error(`ended with ${code ?? killedBy}`);
    return output;
  } catch (cause) {
    const reason = signal.aborted ? `not done after ${timeoutMs} ms` : cause.message;
    throw new ServerError(`\`${[command, ...args].join(' ')}\`: ${reason}\n${output.slice(-OUTPUT_CHARS_SHOWN).trimEnd()}`, nextStep, { cause });
  }
}
