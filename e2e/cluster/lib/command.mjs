// Calling programs, and waiting for what they bring about.
import { execFile, execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const OUTPUT_BYTES_MAX = 64 << 20;
const run = promisify(execFile);

/** @returns what the program printed. @throws Error with its standard error */
export function call(command, args, options = {}) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, stdio: ['pipe', 'pipe', 'pipe'], ...options });
  } catch (error) {
    throw failureOf(command, args, error);
  }
}

/** As `call`, beside other work. */
export async function callAsync(command, args, options = {}) {
  try {
    return (await run(command, args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, ...options })).stdout;
  } catch (error) {
    throw failureOf(command, args, error);
  }
}

export function succeeds(command, args, options = {}) {
  try {
    call(command, args, options);
    return true;
  } catch {
    return false;
  }
}

/** Asks until the answer is truthy, and hands it back. @throws Error with `what` and the last refusal after so many seconds */
export async function until(what, seconds, ask, everyMs = 100) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    let refusal;
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      refusal = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s${refusal ? `: ${refusal.message}` : ''}`);
    await sleep(everyMs);
  }
}

function failureOf(command, args, error) {
  const said = `${error.stderr ?? ''}`.trim().slice(-2_000);
  // Without its cause, which repeats all that the program ever printed.
  return new Error(`${command} ${args.join(' ').slice(0, 300)}: ${said || error.message}`);
}
