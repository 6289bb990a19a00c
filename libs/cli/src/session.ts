import type { StellaClient } from '@stella/client';
import { type Connection, readConnection } from './connection/connection.js';
import type { CliIo } from './io/cli-io.js';
import { Output } from './io/output.js';

/** Options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly connection?: string;
}

/** One run of one command: its world, what it says, and its client, which is made when first asked for. */
export class Session {
  readonly output: Output;
  #client: Promise<StellaClient> | undefined;

  constructor(
    readonly io: CliIo,
    private readonly options: GlobalOptions,
  ) {
    this.output = new Output(io, options.json === true);
  }

  /** @throws DomainError CONNECTION_MISSING, CONNECTION_INVALID */
  connection(): Promise<Connection> {
    return readConnection(this.io, this.options.connection);
  }

  client(): Promise<StellaClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** For every call: ends it when the command is cancelled. */
  get call(): { readonly signal?: AbortSignal } {
    return this.io.signal ? { signal: this.io.signal } : {};
  }

  async close(): Promise<void> {
    this.output.clear();
    (await this.#client?.catch(() => undefined))?.close();
  }

  async #connect(): Promise<StellaClient> {
    const { grpcAddress, grpcAddresses, issuer, audience, clientId, clientSecret } = await this.connection();
    const { createStellaClient } = await import('@stella/client');
    return createStellaClient({
      address: grpcAddress,
      ...(grpcAddresses ? { addresses: grpcAddresses } : {}),
      credentials: { clientId, clientSecret, issuer, resource: audience },
    });
  }
}
