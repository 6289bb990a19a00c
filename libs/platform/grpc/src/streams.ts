import { once } from 'node:events';
import type { sendUnaryData, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { Observable } from 'rxjs';
import { toServiceError } from './status.js';

interface Cancellable {
  readonly cancelled?: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** Aborts when the caller gives up or the deadline passes. */
export function signalOf(call: Cancellable): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort();
  call.once('cancelled', () => controller.abort());
  return controller.signal;
}

/**
 * For `@GrpcMethod` with a server stream: writes with back-pressure, where Nest's own path buffers without limit. Its
 * errors pass through the filter as any other.
 */
export function serverStream<Q, S>(call: ServerWritableStream<Q, S>, source: AsyncIterable<S>): Observable<never> {
  return new Observable((subscriber) => {
    const signal = signalOf(call);
    write(call, source, signal).then(
      () => subscriber.complete(),
      (error: unknown) => (signal.aborted ? subscriber.complete() : subscriber.error(error)),
    );
  });
}

async function write<Q, S>(call: ServerWritableStream<Q, S>, source: AsyncIterable<S>, signal: AbortSignal): Promise<void> {
  for await (const message of source) {
    if (signal.aborted) return;
    if (!call.write(message)) await once(call, 'drain', { signal });
  }
}

/**
 * For `@GrpcStreamCall` with a client stream: Nest leaves a rejection of such a handler unanswered, so it is answered
 * here. The promise never rejects, and Nest awaits a value (an empty Observable would be an unhandled EmptyError).
 */
export async function clientStream<Q, S>(
  call: ServerReadableStream<Q, S>,
  callback: sendUnaryData<S>,
  handle: (messages: AsyncIterable<Q>) => Promise<S>,
): Promise<void> {
  try {
    callback(null, await handle(call));
  } catch (error) {
    callback(toServiceError(error));
  }
}
