import type { AnyMethod, CallSettings } from '../api.js';
import { toStellaError } from '../decode-error.js';
import { type CallContext, Invocation, cancelOn } from './call-context.js';
import { completeRequest } from './complete-request.js';

/**
 * One request, many responses, at the reader's pace; leaving the loop cancels the call. It is made again only as long
 * as nothing was delivered: a reader must not see a message twice.
 */
export async function* callServerStream(context: CallContext, method: AnyMethod, init: object, settings: CallSettings): AsyncGenerator<object> {
  const request = completeRequest(method, init);
  const invocation = new Invocation(context, method, settings, request);
  let delivered = false;
  for (;;) {
    try {
      for await (const message of attempt(invocation, request)) {
        delivered = true;
        yield message;
      }
      return;
    } catch (error) {
      const failure = toStellaError(error, method.path);
      if (delivered) throw failure;
      await invocation.attempts.nextAfter(failure);
    }
  }
}

async function* attempt(invocation: Invocation, request: object): AsyncGenerator<object> {
  const { context, method, settings } = invocation;
  const { path, requestSerialize, responseDeserialize } = method;
  const metadata = await invocation.metadata();
  const call = context.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, invocation.callOptions);
  // Destroying the stream on an early exit makes grpc-js report the cancellation to nobody.
  call.on('error', () => {});
  const release = cancelOn(settings.signal, call);
  try {
    yield* call as AsyncIterable<object>;
  } finally {
    release();
    call.cancel();
  }
}
