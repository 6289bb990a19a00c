import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { RedMetrics } from '@stella/platform-telemetry';

/** Counts and times every call, also those that are refused before a handler sees them. */
export function observationInterceptor(red: RedMetrics): ServerInterceptor {
  return (method, call) => {
    const end = red.start(method.path);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onCancel() {
            end(status[status.CANCELLED]);
          },
        } as never);
      },
      sendStatus(sent, next) {
        end(status[sent.code ?? status.OK]);
        next(sent);
      },
    });
  };
}
