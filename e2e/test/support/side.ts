import { writeConnection } from '@stella/cli';
import { createStellaClient, type StellaClient } from '@stella/client';
import { CommandLine } from '../../../services/stella/test/support/cli.js';
import type { DeploymentConnection } from '../../deployment/index.mjs';

/** An organisation as its operator has it. */
export interface Side {
  readonly stella: CommandLine;
  readonly client: StellaClient;
}

/** @param folder of the command line; whoever asks closes the client */
export async function sideOf(connection: DeploymentConnection, folder: string): Promise<Side> {
  const stella = new CommandLine(folder);
  await writeConnection(stella.connectionPath, connection);
  const { grpcAddress: address, grpcAddresses: addresses, clientId, clientSecret, issuer, audience } = connection;
  return { stella, client: createStellaClient({ address, addresses, credentials: { clientId, clientSecret, issuer, resource: audience } }) };
}
