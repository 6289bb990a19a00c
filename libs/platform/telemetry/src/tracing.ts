import { AsyncLocalStorage } from 'node:async_hooks';
import { type Attributes, context, isSpanContextValid, type Link, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
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

/** For a process that we start: it finds its place in the trace in its environment (OpenTelemetry, "Environment Variables as Context Propagation Carriers"). */
export function traceEnvironment(): Record<string, string> {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { TRACEPARENT: traceparent };
}

/** Runs work within one trace, as often as it is called. */
export type InTrace = <T>(work: () => T) => T;

/** A child of the trace in a received `traceparent`; without one, of the current trace, or a new one. */
export function inTraceOf(traceparent: string | undefined): InTrace {
  const remote = parseTraceparent(traceparent);
  const active = context.active();
  const child = childTrace(remote ?? currentTrace());
  if (remote === undefined) return (work) => context.with(active, () => local.run(child, work));
  const span = { traceId: remote.traceId, spanId: remote.spanId, traceFlags: remote.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
  const within = trace.setSpanContext(active, span);
  return (work) => context.with(within, () => local.run(child, work));
}

/** Runs `work` as a child of the trace in a received `traceparent`; without one, as the current trace's or a new one. */
export function withTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  return inTraceOf(traceparent)(work);
}

export interface SpanOptions {
  /** Default `internal`. `client` waits for an answer of another process; `producer` and `consumer` are the ends of a message. */
  readonly kind?: 'internal' | 'client' | 'server' | 'producer' | 'consumer';
  /** Traces that this work comes from without being their child, as `traceparent`s: a batch has many causes. */
  readonly links?: readonly (string | undefined)[];
}

/** One span around `work`; a failure is recorded and thrown on. Names and attributes follow OpenTelemetry's semantic conventions. */
export async function span<T>(name: string, attributes: Attributes, work: () => Promise<T>, options: SpanOptions = {}): Promise<T> {
  const kind = SpanKind[(options.kind ?? 'internal').toUpperCase() as keyof typeof SpanKind];
  return trace.getTracer(TRACER).startActiveSpan(name, { attributes, kind, links: linksOf(options.links ?? []) }, (active) =>
    local.run(childTrace(currentTrace()), async () => {
      try {
        return await work();
      } catch (error) {
        const reason = (error as { reason?: unknown }).reason;
        active.setAttribute('error.type', typeof reason === 'string' ? reason : error instanceof Error ? error.name : '_OTHER');
        active.setStatus({ code: SpanStatusCode.ERROR });
        active.recordException(error instanceof Error ? error : String(error));
        throw error;
      } finally {
        active.end();
      }
    }),
  );
}

/** Adds to the span under way what is known only now; without an SDK nothing happens. */
export function annotate(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

function linksOf(traceparents: readonly (string | undefined)[]): Link[] {
  return traceparents.flatMap((traceparent) => {
    const at = parseTraceparent(traceparent);
    return at === undefined ? [] : [{ context: { traceId: at.traceId, spanId: at.spanId, traceFlags: at.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true } }];
  });
}
