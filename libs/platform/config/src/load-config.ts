import { readFileSync } from 'node:fs';
import { DomainError } from '@stella/errors';
import type { z } from 'zod';

const FILE_SUFFIX = '_FILE';
/** As large as a Kubernetes Secret may be. */
export const VALUE_FILE_BYTES_MAX = 1 << 20;
/** What Kubernetes adds to pods for each Service whose name begins with our prefix. */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** Only variables with this prefix are ours. Default `STELLA_`. */
  readonly prefix?: string;
  /** Variables with the prefix that another part of the process reads, by full name. */
  readonly alsoKnown?: readonly string[];
}

/** `grpcPort` → `STELLA_GRPC_PORT`. */
export function variableName(key: string, prefix = 'STELLA_'): string {
  return prefix + key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/**
 * Reads the variables of a flat schema once. Each key is one variable (`variableName`), or the content of the file
 * named by that variable with `_FILE`. An empty variable counts as absent.
 * @throws DomainError CONFIG_INVALID naming every unknown variable with the prefix, every bad value and every lack;
 *   values are never repeated, since one of them may be a secret; but for a duration that is out of its bounds.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: Environment = process.env, options: LoadOptions = {}): Readonly<z.output<S>> {
  const prefix = options.prefix ?? 'STELLA_';
  const keyByVariable = new Map(Object.keys(schema.shape).map((key) => [variableName(key, prefix), key]));
  const alsoKnown = new Set(options.alsoKnown);
  const problems: string[] = [];
  const input: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || value === undefined || value === '' || alsoKnown.has(variable)) continue;
    const named = keyByVariable.get(variable);
    const inFile = variable.endsWith(FILE_SUFFIX) ? keyByVariable.get(variable.slice(0, -FILE_SUFFIX.length)) : undefined;
    const key = named ?? inFile;
    if (key === undefined) problems.push(`${variable}: unknown${SERVICE_LINK.test(variable) ? ' (from Kubernetes? set enableServiceLinks: false)' : ''}`);
    else if (input[key] !== undefined) problems.push(`${variable}: given twice, directly and by file`);
    else input[key] = named === undefined ? readValue(value, variable, problems) : value;
  }
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      const isMissing = issue.code === 'invalid_type' && input[key] === undefined;
      problems.push(`${variableName(key, prefix)}: ${isMissing ? 'missing' : issue.message}`);
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new DomainError('CONFIG_INVALID', { problems: problems.sort().join('; ') }, { message: `the configuration is not usable: ${problems.join('; ')}` });
  }
  return Object.freeze(parsed.data);
}

function readValue(path: string, variable: string, problems: string[]): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= VALUE_FILE_BYTES_MAX) return bytes.toString('utf8').replace(/\r?\n$/, '');
    problems.push(`${variable}: the file is larger than ${VALUE_FILE_BYTES_MAX} bytes`);
  } catch (error) {
    problems.push(`${variable}: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  return '';
}

/** What may be printed at start: secrets show as `[redacted]`, everything else as it was understood. */
export function printableConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}
