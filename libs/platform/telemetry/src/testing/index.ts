export { OtlpReceiver } from './otlp-receiver.js';
export { described, findSpan, looseEnds, type SpanKindName, type SpanPattern, type TraceSpan } from './trace-shape.js';
