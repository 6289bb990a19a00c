export { housekeepingReports } from './housekeeping-reports.js';
export { KPIS, type Kpi } from './kpis.js';
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from './logger.js';
export { LATENCY_BUCKETS_SECONDS, Metrics, RedMetrics } from './metrics.js';
export { flushTelemetry } from './shutdown.js';
export { redact, redactText } from './redaction.js';
export { childTrace, formatTraceparent, parseTraceparent, type TraceContext } from './traceparent.js';
export { annotate, currentTrace, currentTraceparent, type InTrace, inTraceOf, span, type SpanOptions, traceEnvironment, withTraceparent } from './tracing.js';
