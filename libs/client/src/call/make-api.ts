import type { AnyMethod, Api, CallSettings, Messages } from '../api.js';
import type { CallContext } from './call-context.js';
import { callClientStream } from './client-stream.js';
import { callServerStream } from './server-stream.js';
import { callUnary } from './unary.js';

/** A generated service definition as promises and async iterables. */
export function makeApi<Definition extends object>(context: CallContext, definition: Definition): Api<Definition> {
  const entries = Object.entries(definition).map(([name, method]) => [name, makeCall(context, method as AnyMethod)]);
  return Object.freeze(Object.fromEntries(entries)) as Api<Definition>;
}

function makeCall(context: CallContext, method: AnyMethod) {
  if (method.requestStream) {
    return (source: Messages<object> | (() => Messages<object>), settings: CallSettings = {}) =>
      callClientStream(context, method, source, settings);
  }
  const call = method.responseStream ? callServerStream : callUnary;
  return (request: object, settings: CallSettings = {}) => call(context, method, request, settings);
}
