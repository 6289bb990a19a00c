import { tmpdir } from 'node:os';
import { type CliIo, runCli } from '../../src/index.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // What a command answers has the shape that each test asserts.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

/** Runs a command in this process. */
export async function run(argv: readonly string[], world: Partial<CliIo> & { readonly input?: string } = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const { input, ...io } = world;
  const code = await runCli(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: { STELLA_HOME: '/nonexistent' },
    cwd: tmpdir(),
    isTty: false,
    now: () => new Date('2026-06-01T12:00:00.000Z'),
    ...(input !== undefined && { stdin: (async function* () { yield Buffer.from(input); })() }),
    ...io,
  });
  return { code, out, err, get json() { return JSON.parse(out) as never; } };
}
