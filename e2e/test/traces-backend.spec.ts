import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childTrace, formatTraceparent } from '@stella/platform-telemetry';
import { type Addresses, useServers } from '../servers/index.mjs';
import { findSpan, readTrace, requireConnected, traceEnvironmentOf, waitForTrace } from './support/traces.js';

const platform = join(import.meta.dirname, '../../libs/platform');
let traces: Addresses['traces'];
beforeAll(async () => {
  ({ traces } = await useServers(['traces']));
}, 1_800_000);

test('spans of a process arrive by OTLP and are read back as one tree', async () => {
  const trace = childTrace();
  const words = ['--conditions=@stella/source', '--import', join(platform, 'database/test/source-loader.mjs'), '--import', join(platform, 'telemetry/src/register.ts'), join(import.meta.dirname, 'support/traced-work.ts')];
  const child = spawn(process.execPath, [...words, formatTraceparent(trace)], { env: { ...process.env, ...traceEnvironmentOf('worker', traces.otlpHttp) }, stdio: ['ignore', 'inherit', 'inherit'] });
  expect(await once(child, 'exit')).toEqual([0, null]);
  const spans = await waitForTrace(traces.query, trace.traceId, (all) => findSpan(all, { name: 'inner' }));
  const outer = findSpan(spans, { service: 'worker', kind: 'consumer', name: 'outer', attributes: { 'messaging.system': 'kafka' } });
  findSpan(spans, { kind: 'internal', name: 'inner', below: outer });
  requireConnected(spans);
}, 120_000);

test('a trace that nobody sent is empty, and one that stays so is told', async () => {
  const { traceId } = childTrace();
  expect(await readTrace(traces.query, traceId)).toEqual([]);
  expect(() => requireConnected([])).toThrow('0 spans');
  await expect(waitForTrace(traces.query, traceId, ({ length }) => length > 0, 600)).rejects.toThrow(traceId);
});
