import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SERVICE_NAMES, type ServiceName } from '@stella/client';
import { DomainError } from '@stella/errors';
import { many, onRun, subcommand } from '../command.js';
import { connectionPath, writeConnection } from '../connection/connection.js';
import { tokenEndpointOf } from '../connection/token-endpoint.js';
import type { CliIo } from '../io/cli-io.js';
import { readInputOrStdin } from '../io/files.js';
import { limits } from '../limits.js';
import { facts } from '../render/table.js';

interface ConnectOptions {
  readonly http: string;
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecretFile?: string;
  readonly service?: readonly string[];
  readonly connection?: string;
}

const EXAMPLE = `stella connect stella.acme.example:443 --http https://stella.acme.example --issuer https://sso.acme.example/realms/acme \\
    --client-id pipeline --client-secret-file pipeline.secret`;

/** `stella connect`: how an installation that somebody else runs is reached, and as whom. */
export function addConnect(program: Command, io: CliIo): void {
  const command = subcommand(program, 'connect <address>', 'Write the connection file of an installation that runs elsewhere', EXAMPLE)
    .requiredOption('--http <url>', 'where it serves log tiles and debuginfod; peers are told')
    .requiredOption('--issuer <url>', 'the OpenID issuer')
    .option('--audience <name>', 'what tokens are for', 'urn:stella:api')
    .requiredOption('--client-id <id>', 'the account of this pipeline or person')
    .option('--client-secret-file <file>', 'its secret; default: standard input')
    .option('--service <name=host:port>', 'a service that answers elsewhere; may be repeated', many);
  onRun<ConnectOptions>(command, io, async (session, [address = ''], options) => {
    const secret = (await readInputOrStdin(io, options.clientSecretFile, limits.keyBytesMax)).toString('utf8').trimEnd();
    if (secret === '') throw new DomainError('USAGE_INVALID', { option: '--client-secret-file', wanted: 'a file with the secret, or the secret on standard input' });
    const grpcAddresses = addressesOf(options.service ?? []);
    const path = resolve(io.cwd, connectionPath(io.env, options.connection));
    await writeConnection(path, {
      grpcAddress: address,
      ...(grpcAddresses ? { grpcAddresses } : {}),
      httpAddress: options.http.replace(/\/$/, ''),
      issuer: options.issuer,
      tokenEndpoint: await tokenEndpointOf(options.issuer, io.signal),
      audience: options.audience,
      clientId: options.clientId,
      clientSecret: secret,
    });
    session.output.answer({ path }, () => facts([['connection', path], ['next', 'stella doctor']]));
  });
}

function addressesOf(given: readonly string[]): Partial<Record<ServiceName, string>> | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((text) => {
      const [, name = '', address = ''] = /^([a-z-]+)=([^\s/]+:\d{1,5})$/.exec(text) ?? [];
      if (!SERVICE_NAMES.some((known) => known === name)) throw new DomainError('USAGE_INVALID', { option: '--service', given: text.slice(0, 100), wanted: `name=host:port, with a name of ${SERVICE_NAMES.join(', ')}` });
      return [name, address];
    }),
  ) as Partial<Record<ServiceName, string>>;
}
