import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SERVER_KIND = '1';
const at = (path: string) => join(import.meta.dirname, path);

test('each kind of span exists: the call, its SQL and the consumer of its event within it, the page', async () => {
  const words = ['--conditions=@stella/source', '--import', at('../../database/test/source-loader.mjs'), '--import', at('../../telemetry/src/register.ts'), at('traced-runtime.ts')];
  const env = { ...process.env, STELLA_TRACES: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', FORCE_COLOR: '0' };
  const { stdout } = await promisify(execFile)(process.execPath, words, { env, maxBuffer: 1 << 26 });
  const spans = [...stdout.matchAll(/traceId: '(\w+)',[\s\S]*?name: '([^']*)',[\s\S]*?kind: (\d)/g)].map(([, traceId, name = '', kind]) => ({ traceId, name, kind }));
  const call = spans.find(({ name, kind }) => kind === SERVER_KIND && name.includes('StackGraphService'));
  expect(call).toBeDefined();
  expect(spans.filter(({ name, traceId }) => name.startsWith('pg.query') && traceId === call?.traceId).length).toBeGreaterThan(0);
  // The call's own transaction and that of the consumer which its event reached.
  expect(spans.filter(({ name, traceId }) => name.startsWith('pg.query:COMMIT') && traceId === call?.traceId).length).toBe(2);
  expect(spans.some(({ name, kind }) => kind === SERVER_KIND && name.startsWith('GET'))).toBe(true);
}, 60_000);
