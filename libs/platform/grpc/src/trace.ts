import { AsyncLocalStorage } from 'node:async_hooks';
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { withTraceparent } from '@stella/platform-telemetry';

type Run = (next: () => void) => void;

/** Everything that a call causes, from its authentication to its events and log records, belongs to the caller's trace. */
export function traceInterceptor(): ServerInterceptor {
  return (_method, call) => {
    let inTrace: Run = (next) => next();
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata: Metadata, forward: (metadata: Metadata) => void) {
            inTrace = withTraceparent(metadata.get('traceparent')[0]?.toString(), () => AsyncLocalStorage.snapshot() as Run);
            inTrace(() => forward(metadata));
          },
          onReceiveMessage(message: unknown, forward: (message: unknown) => void) {
            inTrace(() => forward(message));
          },
          onReceiveHalfClose(forward: () => void) {
            inTrace(forward);
          },
        } as never);
      },
    });
  };
}
