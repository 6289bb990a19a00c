import { type CallOptions, type Client, Metadata } from '@grpc/grpc-js';
import type { AnyMethod, CallSettings } from '../api.js';
import type { TokenSource } from '../credentials/token-source.js';
import { defaultTimeoutMs } from '../timeouts.js';
import { Attempts } from './attempts.js';

/** What every call of one client shares. */
export interface CallContext {
  readonly client: Client;
  readonly tokens: TokenSource | undefined;
  /** Of every call. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** One call with its deadline, over all attempts. */
export class Invocation {
  readonly attempts: Attempts;
  readonly #deadline: Date;

  constructor(
    readonly context: CallContext,
    readonly method: AnyMethod,
    readonly settings: CallSettings,
    request: object = {},
  ) {
    this.#deadline = new Date(Date.now() + (settings.timeoutMs ?? defaultTimeoutMs(method.path, request)));
    this.attempts = new Attempts(this.#deadline, settings, context.tokens);
  }

  async metadata(): Promise<Metadata> {
    this.attempts.throwIfOver();
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.context.metadata, ...this.settings.metadata })) metadata.set(key, value);
    if (this.context.tokens) metadata.set('authorization', `Bearer ${await this.context.tokens.token()}`);
    return metadata;
  }

  get callOptions(): Partial<CallOptions> {
    return { deadline: this.#deadline };
  }
}

/** Cancels `call` when `signal` fires; answers what takes the listener away again. */
export function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  if (!signal) return () => {};
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return () => signal.removeEventListener('abort', cancel);
}
