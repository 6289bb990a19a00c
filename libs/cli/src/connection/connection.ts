import { join } from 'node:path';
import { ObjectReader, parseStrictJson } from '@stella/attestation';
import { SERVICE_NAMES, type ServiceName } from '@stella/client/errors';
import { DomainError, isDomainError } from '@stella/errors';
import { type CliIo } from '../io/cli-io.js';
import { readInput, writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import { defaultDataFolder } from './data-folder.js';

/** How a client reaches an installation, and as whom. */
export interface Connection {
  /** `host:port`. */
  readonly grpcAddress: string;
  /** Of services that answer elsewhere, where nothing routes by the service's name. */
  readonly grpcAddresses?: Partial<Readonly<Record<ServiceName, string>>>;
  readonly httpAddress: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** The resource that tokens are for, e.g. `urn:stella:api`. */
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const MEMBERS = ['grpcAddress', 'httpAddress', 'issuer', 'tokenEndpoint', 'audience', 'clientId', 'clientSecret'] as const satisfies (keyof Connection)[];
const TEXT = { lengthMax: 2_048 };

/** @throws DomainError CONNECTION_INVALID */
export function parseConnection(bytes: Uint8Array): Connection {
  try {
    const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: limits.connectionBytesMax }), 'connection');
    const connection = Object.fromEntries(MEMBERS.map((name) => [name, reader.text(name, TEXT)])) as unknown as Connection;
    const grpcAddresses = reader.has('grpcAddresses') ? readAddresses(reader.nested('grpcAddresses')) : undefined;
    reader.end();
    return { ...connection, ...(grpcAddresses ? { grpcAddresses } : {}) };
  } catch (error) {
    // The facts name members, never values: one of them is a secret.
    if (isDomainError(error)) throw new DomainError('CONNECTION_INVALID', { problem: error.reason, ...error.facts }, { cause: error });
    throw error;
  }
}

function readAddresses(reader: ObjectReader): Partial<Record<ServiceName, string>> {
  const named = SERVICE_NAMES.filter((name) => reader.has(name)).map((name) => [name, reader.text(name, TEXT)]);
  reader.end();
  return Object.fromEntries(named) as Partial<Record<ServiceName, string>>;
}

/** Writes what `parseConnection` reads, for its owner's eyes only. @throws DomainError FILE_NOT_WRITTEN */
export async function writeConnection(path: string, connection: Connection): Promise<void> {
  const { grpcAddresses } = connection;
  const members = { ...Object.fromEntries(MEMBERS.map((name) => [name, connection[name]])), ...(grpcAddresses ? { grpcAddresses } : {}) };
  const bytes = Buffer.from(`${JSON.stringify(members, undefined, 2)}\n`);
  parseConnection(bytes);
  await writeOutput({ cwd: '/' }, path, bytes, { mode: 0o600 });
}

export function connectionPath(env: CliIo['env'], named?: string): string {
  return named ?? (env['STELLA_CONNECTION'] || join(defaultDataFolder(env), 'connection.json'));
}

/** @throws DomainError CONNECTION_MISSING, CONNECTION_INVALID */
export async function readConnection(io: Pick<CliIo, 'env' | 'cwd'>, named?: string): Promise<Connection> {
  const path = connectionPath(io.env, named);
  try {
    return parseConnection(await readInput(io, path, limits.connectionBytesMax));
  } catch (error) {
    if (isDomainError(error, 'FILE_UNREADABLE')) throw new DomainError('CONNECTION_MISSING', { ...error.facts, path }, { cause: error });
    if (isDomainError(error, 'CONNECTION_INVALID')) throw new DomainError('CONNECTION_INVALID', { ...error.facts, path }, { cause: error });
    throw error;
  }
}
