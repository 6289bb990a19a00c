import { SpanKind } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracesAddress } from '../../servers/index.mjs';

/** Sends one span as a service would. */
export async function exportSpan({ otlpHttp, otlpGrpc }: TracesAddress, protocol: 'http' | 'grpc', name: string): Promise<{ traceId: string; spanId: string }> {
  const exporter = protocol === 'http' ? new HttpExporter({ url: `${otlpHttp}/v1/traces` }) : new GrpcExporter({ url: otlpGrpc });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const span = provider.getTracer('e2e').startSpan(name, { kind: SpanKind.SERVER });
  span.end();
  await provider.forceFlush();
  await provider.shutdown();
  return span.spanContext();
}
