import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DomainError } from '@stella/errors';

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 300_000;
const OUTPUT_BYTES_MAX = 64 * 2 ** 20;

/** Where each tool comes from, told when it is missing. */
const PACKAGES: Readonly<Record<string, string>> = {
  gcc: 'Debian package gcc',
  objcopy: 'Debian package binutils',
  strip: 'Debian package binutils',
  cargo: 'rustup (https://rustup.rs)',
};

/** Standard output of a build tool. @throws TOOL_MISSING, BUILD_FAILED, CANCELLED */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  try {
    const { stdout } = await run(tool, args, {
      ...options,
      timeout: TOOL_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      env: { ...process.env, LC_ALL: 'C' },
    });
    return stdout;
  } catch (cause) {
    const failure = cause as NodeJS.ErrnoException & { readonly stderr?: string };
    if (options.signal?.aborted) throw new DomainError('CANCELLED', { tool }, { cause });
    if (failure.code === 'ENOENT') throw new DomainError('TOOL_MISSING', { tool, from: PACKAGES[tool] ?? tool }, { cause });
    throw new DomainError('BUILD_FAILED', { tool, stderr: (failure.stderr ?? '').slice(-1000) }, { cause });
  }
}
