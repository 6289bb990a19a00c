import { type CallOptions, type ChannelCredentials, Client, credentials, Metadata, type MethodDefinition, type ServiceDefinition, status, type ServiceError } from '@grpc/grpc-js';
import type { TokenSource } from '@stella/platform-auth';
import { currentTraceparent } from '@stella/platform-telemetry';
import { TENANT_KEY } from './authentication.js';
import { fromServiceError } from './status.js';
import { MESSAGE_BYTES_MAX } from './server-options.js';

const ATTEMPTS_MAX = 4;
const BACKOFF_MS = 100;
const ROUND_ROBIN = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

export interface ClientConfig {
  readonly address: string;
  readonly tokens: TokenSource;
  readonly defaultDeadlineMs?: number;
  readonly credentials?: ChannelCredentials;
}

export interface CallSettings {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** On whose behalf; only a service may name another tenant than its own. */
  readonly tenant?: string;
}

type Request<M> = M extends MethodDefinition<infer Q, infer _S> ? Q : never;
type Response<M> = M extends MethodDefinition<infer _Q, infer S> ? S : never;

/** The calls of a service by their names: unary ones give a promise, those with an answer stream an async iterable. */
export type GrpcClient<D extends ServiceDefinition> = {
  readonly [K in keyof D]: D[K] extends { responseStream: true }
    ? (request: Request<D[K]>, settings?: CallSettings) => AsyncIterable<Response<D[K]>>
    : D[K] extends { requestStream: true }
      ? (messages: AsyncIterable<Request<D[K]>>, settings?: CallSettings) => Promise<Response<D[K]>>
      : (request: Request<D[K]>, settings?: CallSettings) => Promise<Response<D[K]>>;
} & { readonly close: () => void };

/**
 * A client of one service. Every call has a deadline, a token and the current trace; errors are DomainErrors. A unary
 * call that found nobody (UNAVAILABLE) is tried again with jitter: every call of ours is safe to repeat.
 */
export function createClient<D extends ServiceDefinition>(definition: D, config: ClientConfig): GrpcClient<D> {
  const client = new Client(config.address, config.credentials ?? credentials.createInsecure(), {
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    // The channel looks again sooner than our retries end; its default waits a second and more.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // A name with several addresses is several replicas; each gets its share.
    'grpc.service_config': ROUND_ROBIN,
    // A server that vanished without a word is noticed, also while nothing is sent.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const calls = Object.entries(definition).map(([name, method]) => [name, callOf(client, method, config)]);
  return Object.fromEntries([...calls, ['close', () => client.close()]]) as GrpcClient<D>;
}

function callOf(client: Client, method: MethodDefinition<unknown, unknown>, config: ClientConfig): unknown {
  if (method.responseStream) return (request: unknown, settings?: CallSettings) => answers(client, method, config, request, settings);
  if (method.requestStream) return (messages: AsyncIterable<unknown>, settings?: CallSettings) => upload(client, method, config, messages, settings);
  return (request: unknown, settings?: CallSettings) => unary(client, method, config, request, settings);
}

async function unary(client: Client, method: MethodDefinition<unknown, unknown>, config: ClientConfig, request: unknown, settings: CallSettings = {}): Promise<unknown> {
  const options = deadlineOf(config, settings);
  for (let attempt = 1; ; attempt++) {
    const metadata = await metadataOf(config, settings);
    try {
      return await new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, metadata, options, (error, value) => (error ? reject(error) : resolve(value)));
        cancelWith(call, settings.signal);
      });
    } catch (error) {
      const { code } = error as ServiceError;
      // The issuer may have changed its keys since it gave the token: once, another one is tried.
      if (code === status.UNAUTHENTICATED && attempt === 1 && config.tokens.refused !== undefined) {
        config.tokens.refused(String(metadata.get('authorization')[0]));
        continue;
      }
      if (code !== status.UNAVAILABLE || attempt >= ATTEMPTS_MAX || settings.signal?.aborted === true) throw fromServiceError(error);
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}

async function* answers(client: Client, method: MethodDefinition<unknown, unknown>, config: ClientConfig, request: unknown, settings: CallSettings = {}): AsyncGenerator<unknown> {
  const call = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request, await metadataOf(config, settings), deadlineOf(config, settings));
  cancelWith(call, settings.signal);
  try {
    for await (const message of call) yield message;
  } catch (error) {
    throw fromServiceError(error);
  } finally {
    call.cancel();
  }
}

async function upload(client: Client, method: MethodDefinition<unknown, unknown>, config: ClientConfig, messages: AsyncIterable<unknown>, settings: CallSettings = {}): Promise<unknown> {
  const metadata = await metadataOf(config, settings);
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, metadata, deadlineOf(config, settings), (error, value) => (error ? reject(fromServiceError(error)) : resolve(value)));
    cancelWith(call, settings.signal);
    const send = async () => {
      for await (const message of messages) {
        if (!call.write(message)) await new Promise<void>((drained) => call.once('drain', drained).once('close', drained));
        if (call.destroyed) return;
      }
      call.end();
    };
    send().catch((error: unknown) => {
      reject(error);
      call.cancel();
    });
  });
}

async function metadataOf(config: ClientConfig, settings: CallSettings): Promise<Metadata> {
  const metadata = new Metadata();
  if (settings.tenant !== undefined) metadata.set(TENANT_KEY, settings.tenant);
  metadata.set('authorization', await config.tokens.authorization());
  const traceparent = currentTraceparent();
  if (traceparent) metadata.set('traceparent', traceparent);
  return metadata;
}

function deadlineOf(config: ClientConfig, settings: CallSettings): CallOptions {
  return { deadline: Date.now() + (settings.deadlineMs ?? config.defaultDeadlineMs ?? 30_000) };
}

function cancelWith(call: { cancel(): void }, signal: AbortSignal | undefined): void {
  if (signal?.aborted) call.cancel();
  else signal?.addEventListener('abort', () => call.cancel(), { once: true });
}
