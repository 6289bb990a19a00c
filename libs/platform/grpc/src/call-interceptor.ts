import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Authenticator } from '@stella/platform-auth';
import { type InTrace, inTraceOf, type RedMetrics } from '@stella/platform-telemetry';
import { identify } from './authentication.js';
import { startDefaultDeadline } from './deadline.js';
import { type StatusParts, statusOf } from './status.js';
import type { RequestRules } from './validation.js';

export interface CallInterceptorConfig {
  readonly red: RedMetrics;
  readonly defaultDeadlineMs: number;
  readonly authenticator: Authenticator;
  readonly rules: RequestRules;
}

/**
 * All that is done around every call, in this order: it is counted and timed, also where it is refused; it gets a
 * deadline if it has none; it belongs to its caller's trace, from its authentication to its events and log records; its
 * caller is known; its messages keep the rules of the contract. One interceptor, since each layer of grpc-js costs more
 * than what most of these do.
 */
export function callInterceptor({ red, defaultDeadlineMs, authenticator, rules }: CallInterceptorConfig): ServerInterceptor {
  return (method, call) => {
    const ended = red.start(method.path);
    const stopDeadline = startDefaultDeadline(call.getDeadline(), defaultDeadlineMs, (sent) => refuse(sent));
    const end = (code: status): void => {
      stopDeadline();
      ended(status[code]);
    };
    const refuse = (sent: StatusParts): void => {
      end(sent.code);
      call.sendStatus(sent);
    };
    let inTrace: InTrace = (work) => work();
    /** grpc-js awaits nothing of what it calls here: an error would end the process. */
    const safely = (work: () => void): void => {
      try {
        inTrace(work);
      } catch (error) {
        refuse(statusOf(error));
      }
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata: Metadata, forward: (metadata: Metadata) => void) {
            inTrace = inTraceOf(metadata.get('traceparent')[0]?.toString());
            safely(() => identify(authenticator, method.path, metadata, () => safely(() => forward(metadata)), (error) => refuse(statusOf(error))));
          },
          onReceiveMessage(message: object, forward: (message: object) => void) {
            safely(() => {
              const problem = rules(method.path, message);
              if (problem === undefined) forward(message);
              else refuse(problem);
            });
          },
          onReceiveHalfClose(forward: () => void) {
            safely(forward);
          },
          onCancel() {
            end(status.CANCELLED);
          },
        } as never);
      },
      sendStatus(sent, next) {
        end(sent.code ?? status.OK);
        next(sent);
      },
    });
  };
}
