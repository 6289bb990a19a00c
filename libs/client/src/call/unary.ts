import type { ServiceError } from '@grpc/grpc-js';
import type { AnyMethod, CallSettings } from '../api.js';
import { toStellaError } from '../decode-error.js';
import { type CallContext, Invocation, cancelOn } from './call-context.js';
import { completeRequest } from './complete-request.js';

/** One request, one response. */
export async function callUnary(context: CallContext, method: AnyMethod, init: object, settings: CallSettings): Promise<object> {
  const request = completeRequest(method, init);
  const invocation = new Invocation(context, method, settings, request);
  for (;;) {
    try {
      return await attempt(invocation, request);
    } catch (error) {
      await invocation.attempts.nextAfter(toStellaError(error, method.path));
    }
  }
}

async function attempt(invocation: Invocation, request: object): Promise<object> {
  const { context, method, settings } = invocation;
  const metadata = await invocation.metadata();
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, response?: object) => {
      release();
      if (error) reject(error);
      else resolve(response as object);
    };
    const { path, requestSerialize, responseDeserialize } = method;
    const call = context.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, invocation.callOptions, done);
    const release = cancelOn(settings.signal, call);
  });
}
