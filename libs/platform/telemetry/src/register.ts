/**
 * Loads OpenTelemetry before the program: `node --import @stella/platform-telemetry/register main.js`. Configured by
 * the standard OTEL_* variables: spans go by OTLP to OTEL_EXPORTER_OTLP_ENDPOINT, and without one nowhere, while trace
 * ids still travel and stand in the logs. `STELLA_TRACES=console` prints the spans to standard output.
 */
import { register } from 'node:module';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { setTelemetryShutdown } from './shutdown.js';

// Without a list every import passes through the hook, which costs a second or more of start.
const include = ['pg', 'pg-pool', '@grpc/grpc-js', 'http', 'https', 'node:http', 'node:https'];
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include } });

// Metrics are scraped and logs are written: neither is sent as well.
process.env['OTEL_METRICS_EXPORTER'] ??= 'none';
process.env['OTEL_LOGS_EXPORTER'] ??= 'none';
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined && process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] === undefined) process.env['OTEL_TRACES_EXPORTER'] ??= 'none';

const toConsole = process.env['STELLA_TRACES'] === 'console';
const sdk = new NodeSDK({
  serviceName: process.env['OTEL_SERVICE_NAME'] ?? 'stella',
  instrumentations: [new HttpInstrumentation(), new GrpcInstrumentation(), new PgInstrumentation({ requireParentSpan: true })],
  ...(toConsole ? { spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })] } : {}),
});
sdk.start();

/** Sends what is still buffered; call it as the last step of a stop. */
export function shutdownTelemetry(): Promise<void> {
  return sdk.shutdown();
}

setTelemetryShutdown(shutdownTelemetry);
