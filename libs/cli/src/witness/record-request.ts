import type { InputFile, RecordWitnessRequest } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DomainError } from '@stella/errors';
import type { CliIo } from '../io/cli-io.js';
import { readInput } from '../io/files.js';
import { limits } from '../limits.js';

export const CAPS = ['wall', 'cpu', 'memory', 'output', 'pids', 'disk'] as const;

export interface RecordOptions {
  readonly incident: string;
  readonly artifact: string;
  readonly stdin?: string;
  readonly file?: readonly string[];
  readonly env?: readonly string[];
  readonly canonicaliser: string;
  readonly expectedCap?: (typeof CAPS)[number];
  readonly memory: number;
  readonly wallMs?: number;
}

/** What a recording is asked with; a cap of 0 is the service's default. @throws DomainError USAGE_INVALID, FILE_… */
export async function recordRequest(io: Pick<CliIo, 'cwd'>, artifactSha256: string, args: readonly string[], options: RecordOptions): Promise<Omit<RecordWitnessRequest, 'requestId'>> {
  const { incident, stdin, file = [], env = [], canonicaliser, expectedCap, memory, wallMs = 0 } = options;
  return {
    incident: incident.startsWith('incidents/') ? incident : `incidents/${incident}`,
    artifactSha256,
    invocation: {
      args: [...args],
      stdin: stdin === undefined ? Buffer.alloc(0) : await readInput(io, stdin, limits.stdinBytesMax),
      files: await Promise.all(file.map((text) => inputFile(io, text))),
      environment: Object.fromEntries(env.map((text) => pair('--env', text))),
    },
    caps: { cpuMs: 0n, wallMs: BigInt(wallMs), memoryBytes: BigInt(memory), pids: 0, outputBytes: 0n },
    canonicaliser,
    isolation: 'I1',
    ...(expectedCap !== undefined && { expectedCap }),
  };
}

async function inputFile(io: Pick<CliIo, 'cwd'>, text: string): Promise<InputFile> {
  const [path, source] = pair('--file', text);
  return { path, content: await readInput(io, source, limits.inputFileBytesMax) };
}

function pair(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new DomainError('USAGE_INVALID', { option, given: text.slice(0, 100), wanted: 'name=value' });
  return [text.slice(0, at), text.slice(at + 1)];
}
