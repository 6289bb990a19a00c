import { AsyncLocalStorage } from 'node:async_hooks';
import { context, isSpanContextValid, SpanStatusCode, trace, TraceFlags, type Attributes } from '@opentelemetry/api';
import { childTrace, formatTraceparent, parseTraceparent, type TraceContext } from './traceparent.js';

const TRACER = '@stella/platform-telemetry';
/** Carries the trace when no OpenTelemetry SDK is loaded, so that logs and events keep their ids without one. */
const local = new AsyncLocalStorage<TraceContext>();

/** OpenTelemetry's active span if an SDK is loaded, else ours. */
export function currentTrace(): TraceContext | undefined {
  const active = trace.getSpanContext(context.active());
  if (active !== undefined && isSpanContextValid(active)) {
    return { traceId: active.traceId, spanId: active.spanId, sampled: (active.traceFlags & TraceFlags.SAMPLED) !== 0 };
  }
  return local.getStore();
}

export function currentTraceparent(): string | undefined {
  const at = currentTrace();
  return at === undefined ? undefined : formatTraceparent(at);
}

/** Runs `work` as a child of the trace in a received `traceparent`; without one, as the current trace's or a new one. */
export function withTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  const remote = parseTraceparent(traceparent);
  if (remote === undefined) return local.run(childTrace(currentTrace()), work);
  const span = { traceId: remote.traceId, spanId: remote.spanId, traceFlags: remote.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
  return context.with(trace.setSpanContext(context.active(), span), () => local.run(childTrace(remote), work));
}

/** One span around `work`; a failure is recorded and thrown on. */
export async function span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getTracer(TRACER).startActiveSpan(name, { attributes }, (active) =>
    local.run(childTrace(currentTrace()), async () => {
      try {
        return await work();
      } catch (error) {
        active.setStatus({ code: SpanStatusCode.ERROR });
        active.recordException(error instanceof Error ? error : String(error));
        throw error;
      } finally {
        active.end();
      }
    }),
  );
}
