export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span as any backend tells it. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the root, or its parent is not known to the backend. */
  readonly parentId?: string;
  /** `service.name` of its process. */
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKindName;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SpanPattern {
  readonly service?: string;
  readonly name?: string | RegExp;
  readonly kind?: SpanKindName;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Somewhere below this span. */
  readonly below?: TraceSpan;
}

/** The first such span. @throws Error that shows the whole trace */
export function findSpan(spans: readonly TraceSpan[], pattern: SpanPattern): TraceSpan {
  const found = spans.find((span) => matches(spans, span, pattern));
  if (found === undefined) throw new Error(`no span ${JSON.stringify({ ...pattern, name: String(pattern.name), below: pattern.below?.name })} among\n${described(spans)}`);
  return found;
}

/**
 * Spans whose parent is not in the trace. One trace of one request has one at most: the first span, whose parent is the
 * caller's own.
 */
export function looseEnds(spans: readonly TraceSpan[]): TraceSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId));
}

/** As a tree, for a person who looks for what is missing. */
export function described(spans: readonly TraceSpan[]): string {
  const line = (span: TraceSpan, depth: number): string[] => [
    `${'  '.repeat(depth)}${span.service}: ${span.kind} ${span.name}`,
    ...spans.filter(({ parentId }) => parentId === span.spanId).flatMap((child) => line(child, depth + 1)),
  ];
  return looseEnds(spans)
    .flatMap((root) => line(root, 0))
    .join('\n');
}

function matches(spans: readonly TraceSpan[], span: TraceSpan, { service, name, kind, attributes = {}, below }: SpanPattern): boolean {
  return (
    (service === undefined || span.service === service) &&
    (kind === undefined || span.kind === kind) &&
    (name === undefined || (typeof name === 'string' ? span.name === name : name.test(span.name))) &&
    Object.entries(attributes).every(([key, value]) => span.attributes[key] === value) &&
    (below === undefined || isBelow(spans, span, below))
  );
}

function isBelow(spans: readonly TraceSpan[], span: TraceSpan, above: TraceSpan): boolean {
  for (let at: TraceSpan | undefined = span; at !== undefined; ) {
    const { parentId }: TraceSpan = at;
    if (parentId === above.spanId) return true;
    at = spans.find(({ spanId }) => spanId === parentId);
  }
  return false;
}
