import { once } from 'node:events';
import type { ClientWritableStream, ServiceError } from '@grpc/grpc-js';
import type { AnyMethod, CallSettings, Messages } from '../api.js';
import { isCallFailure, toStellaError } from '../decode-error.js';
import { type CallContext, Invocation, cancelOn } from './call-context.js';

/** Many requests, one response; messages are taken from their source no faster than the server reads them. */
export async function callClientStream(
  context: CallContext,
  method: AnyMethod,
  source: Messages<object> | (() => Messages<object>),
  settings: CallSettings,
): Promise<object> {
  const repeatable = typeof source === 'function';
  const invocation = new Invocation(context, method, settings);
  for (;;) {
    try {
      return await attempt(invocation, repeatable ? source() : source);
    } catch (error) {
      if (!isCallFailure(error)) throw error;
      const failure = toStellaError(error, method.path);
      if (!repeatable) throw failure;
      await invocation.attempts.nextAfter(failure);
    }
  }
}

async function attempt(invocation: Invocation, messages: Messages<object>): Promise<object> {
  const { context, method, settings } = invocation;
  const { path, requestSerialize, responseDeserialize } = method;
  const metadata = await invocation.metadata();
  const answer = Promise.withResolvers<object>();
  // An answer before the last message is an end of its own: a refusal, or nothing more is needed.
  const answered = new AbortController();
  const done = (error: ServiceError | null, response?: object) => {
    answered.abort();
    if (error) answer.reject(error);
    else answer.resolve(response as object);
  };
  const call = context.client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, invocation.callOptions, done);
  const release = cancelOn(settings.signal, call);
  answer.promise.catch(() => {});
  try {
    await send(call, messages, answered.signal);
  } catch (error) {
    call.cancel();
    throw error;
  } finally {
    release();
  }
  return answer.promise;
}

async function send(call: ClientWritableStream<object>, messages: Messages<object>, answered: AbortSignal): Promise<void> {
  for await (const message of messages) {
    if (answered.aborted) return;
    if (!call.write(message)) await once(call, 'drain', { signal: answered }).catch(() => {});
  }
  if (!answered.aborted) call.end();
}
