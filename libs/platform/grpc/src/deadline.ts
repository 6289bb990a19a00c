import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import { statusOf } from './status.js';

/**
 * Ends a call that came without a deadline after a default time: nobody waits for an answer without end. A call with
 * a deadline of its own is ended by grpc-js.
 */
export function deadlineInterceptor(defaultMs: number): ServerInterceptor {
  return (_method, call) => {
    const deadline = call.getDeadline();
    const leftMs = deadline instanceof Date ? deadline.getTime() - Date.now() : deadline - Date.now();
    if (Number.isFinite(leftMs)) return new ServerInterceptingCall(call);
    const timer = setTimeout(() => call.sendStatus(statusOf(new DomainError('DEADLINE_EXCEEDED', { defaultMs: String(defaultMs) }))), defaultMs);
    timer.unref();
    return new ServerInterceptingCall(call, {
      start(next) {
        next({ onCancel: () => clearTimeout(timer) } as never);
      },
      sendStatus(sent, next) {
        clearTimeout(timer);
        next(sent);
      },
    });
  };
}
