import { join } from 'node:path';
import { stringify } from 'yaml';
import { goPrograms } from './lib/go.mjs';
import { answerOf } from './lib/health.mjs';

const HOST = '127.0.0.1';
const CONFIGURATION = 'jaeger.yaml';
const TRACES_MAX = 20_000;

/** Jaeger, which keeps traces in memory. @type {import('./lib/server.mjs').Server} */
export const traces = {
  name: 'traces',
  ports: ['query', 'queryGrpc', 'otlpHttp', 'otlpGrpc', 'health'],

  install: () => goPrograms({ name: 'jaeger', module: 'github.com/jaegertracing/jaeger', version: 'v1.76.0', packages: ['cmd/jaeger'], asDependency: true }),

  async plan({ folder, ports, installation }) {
    const at = (port) => `${HOST}:${ports[port]}`;
    return {
      launch: { command: join(installation, 'jaeger'), args: ['--config', join(folder, CONFIGURATION)], env: { HOME: folder } },
      files: { [CONFIGURATION]: stringify(configuration(at)) },
      address: { otlpHttp: `http://${at('otlpHttp')}`, otlpGrpc: `http://${at('otlpGrpc')}`, query: `http://${at('query')}`, health: `http://${at('health')}` },
    };
  },

  async check({ query, health }) {
    await answerOf(`${health}/status`);
    await answerOf(`${query}/api/services`);
  },
};

function configuration(at) {
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      // Without a batch processor: what was accepted can be asked for at once.
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'info' } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: TRACES_MAX } } } },
      jaeger_query: { storage: { traces: 'memory' }, http: { endpoint: at('query') }, grpc: { endpoint: at('queryGrpc') } },
      healthcheckv2: { use_v2: true, http: { endpoint: at('health') } },
    },
    receivers: { otlp: { protocols: { grpc: { endpoint: at('otlpGrpc') }, http: { endpoint: at('otlpHttp') } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
  };
}
