import type { ChannelCredentials, ServiceDefinition } from '@grpc/grpc-js';
import type { TokenSource } from '@stella/platform-auth';
import { createClient, type GrpcClient } from '@stella/platform-grpc';
import type { Peers } from './service.js';

export type AddressOf = (service: string) => string;

/** Addresses are looked up at the first call: in one process they are known only when the server listens. */
export class LazyPeers implements Peers {
  readonly #open: (() => void)[] = [];

  constructor(
    private readonly addressOf: AddressOf,
    private readonly tokens: TokenSource,
    private readonly credentials?: ChannelCredentials,
  ) {}

  client<D extends ServiceDefinition>(service: string, definition: D): GrpcClient<D> {
    let real: GrpcClient<D> | undefined;
    const connect = (): GrpcClient<D> => {
      if (!real) {
        real = createClient(definition, {
          address: this.addressOf(service),
          tokens: this.tokens,
          ...(this.credentials ? { credentials: this.credentials } : {}),
        });
        this.#open.push(real.close);
      }
      return real;
    };
    const calls = Object.keys(definition).map((name) => [
      name,
      (...args: unknown[]) => (connect()[name] as unknown as (...args: unknown[]) => unknown)(...args),
    ]);
    return Object.fromEntries([...calls, ['close', () => real?.close()]]) as GrpcClient<D>;
  }

  close(): void {
    for (const close of this.#open.splice(0)) close();
  }
}
