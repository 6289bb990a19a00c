import { setTimeout as delay } from 'node:timers/promises';
import { described, looseEnds, type SpanKindName, type TraceSpan } from '@stella/platform-telemetry/testing';

export { described, findSpan, looseEnds, type SpanPattern, type TraceSpan } from '@stella/platform-telemetry/testing';

const POLL_MS = 250;

interface JaegerTag {
  readonly key: string;
  readonly value: unknown;
}

interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly { readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'; readonly traceID: string; readonly spanID: string }[];
  readonly tags: readonly JaegerTag[];
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** For a process whose spans are to be in the backend; `otlpHttp` as `useServers(['traces'])` gives it. */
export function traceEnvironmentOf(serviceName: string, otlpHttp: string): Record<string, string> {
  return { OTEL_SERVICE_NAME: serviceName, OTEL_EXPORTER_OTLP_ENDPOINT: otlpHttp, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_BSP_SCHEDULE_DELAY: '200' };
}

/** All spans of a trace that Jaeger has by now; none for one that it does not know. */
export async function readTrace(query: string, traceId: string): Promise<TraceSpan[]> {
  const response = await fetch(`${query}/api/traces/${traceId}`);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${query} answered ${response.status}`);
  const { data } = (await response.json()) as { data: readonly JaegerTrace[] };
  return data.flatMap(({ spans, processes }) => spans.map((span) => toSpan(span, processes[span.processID]?.serviceName ?? '')));
}

/**
 * Waits until the trace is whole, as spans are sent when they end: `isWhole` may throw (as `findSpan` does) or say no.
 * @throws Error with the trace as it was at the end of the time
 */
export async function waitForTrace(query: string, traceId: string, isWhole: (spans: readonly TraceSpan[]) => unknown, timeoutMs = 30_000): Promise<TraceSpan[]> {
  let spans: TraceSpan[] = [];
  let problem: unknown = 'not whole';
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await delay(POLL_MS)) {
    spans = await readTrace(query, traceId);
    try {
      if (isWhole(spans) !== false) return spans;
    } catch (error) {
      problem = error;
    }
  }
  throw new Error(`the trace ${traceId} did not become whole: ${String(problem)}\n${described(spans)}`);
}

/** One tree: no span but the first lacks its parent. @throws Error that shows the trace */
export function requireConnected(spans: readonly TraceSpan[]): void {
  const ends = looseEnds(spans);
  if (spans.length === 0 || ends.length > 1) throw new Error(`${spans.length} spans with ${ends.length} loose ends: ${ends.map(({ service, name }) => `${service} ${name}`).join(', ')}\n${described(spans)}`);
}

function toSpan({ traceID, spanID, operationName, references, tags }: JaegerSpan, service: string): TraceSpan {
  const attributes = Object.fromEntries(tags.map(({ key, value }) => [key, String(value)]));
  const parent = references.find(({ refType, traceID: of }) => refType === 'CHILD_OF' && of === traceID);
  return {
    traceId: traceID.padStart(32, '0'),
    spanId: spanID.padStart(16, '0'),
    ...(parent === undefined ? {} : { parentId: parent.spanID.padStart(16, '0') }),
    service,
    name: operationName,
    kind: (attributes['span.kind'] ?? 'internal') as SpanKindName,
    attributes,
  };
}
