import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { variablesOf } from '../../libs/platform/process/src/service-process.js';
import { csfgProcess } from '../../services/csfg/src/csfg.process.js';
import { fbpeProcess } from '../../services/fbpe/src/fbpe.process.js';
import { frvfProcess } from '../../services/frvf/src/frvf.process.js';
import { gateProcess } from '../../services/gate/src/gate.process.js';
import { marketplaceProcess } from '../../services/marketplace/src/marketplace.process.js';
import { psdiProcess } from '../../services/psdi/src/psdi.process.js';
import { replayWorkerProcess } from '../../services/replay-worker/src/replay-worker.process.js';
import { createDeployments, type Deployment, type ServiceName, SERVICES, type ServiceProcess } from '../deployment/index.mjs';
import { healthOf, reflectedServices } from './support/wire.js';

const API: Readonly<Record<ServiceName, string>> = {
  psdi: 'stella.psdi.v1alpha.DeltaIndexService',
  marketplace: 'stella.marketplace.v1alpha.MarketplaceService',
  'replay-worker': 'stella.replay_worker.v1alpha.ReplayWorkerService',
  csfg: 'stella.csfg.v1alpha.StackGraphService',
  frvf: 'stella.frvf.v1alpha.WitnessService',
  fbpe: 'stella.fbpe.v1alpha.FederationService',
  gate: 'stella.gate.v1alpha.GateService',
};
/** Of the default drain time-out, and what a stop may take besides on a busy machine. */
const STOP_MS_MAX = 10_000 + 5_000 + 5_000;

let deployment: Deployment;
beforeAll(async () => {
  const [only] = await createDeployments({ organisations: 1 });
  if (!only) throw new Error('a deployment was asked for');
  deployment = only;
}, 1_800_000);
afterAll(() => deployment?.remove(), 120_000);
// Of a test that failed.
afterEach(() => Promise.all(deployment.processes.map((process) => process.kill())), 60_000);

const processOf = (service: ServiceName): ServiceProcess => deployment.of(service)[0] as ServiceProcess;
const lastRecord = ({ log }: ServiceProcess): Record<string, unknown> => JSON.parse(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
const get = async (process: ServiceProcess, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${process.httpAddress}/${path}`);
  return { status: response.status, text: await response.text() };
};

test.each([...SERVICES])('%s starts, says how it fares, and stops when it is told to', async (service) => {
  const process = processOf(service);
  process.start();
  await process.ready();
  expect(await get(process, 'livez')).toMatchObject({ status: 200 });
  expect(await get(process, 'readyz')).toMatchObject({ status: 200, text: '{"waitingFor":[]}' });
  expect((await get(process, 'metrics')).text).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(await healthOf(process.grpcAddress)).toBe(1);
  expect(await reflectedServices(process.grpcAddress)).toContain(API[service]);
  const log = readFileSync(process.log, 'utf8');
  expect(log).toContain('"databaseUrl":"[redacted]"');
  for (const [name, value] of Object.entries(process.env)) if (/URL|SECRET|PASSWORD/.test(name)) expect(log).not.toContain(value);
  const { code, ms } = await process.stop();
  expect([code, ms < STOP_MS_MAX]).toEqual([0, true]);
  expect(lastRecord(process)).toMatchObject({ msg: 'stopped' });
  await expect(healthOf(process.grpcAddress)).rejects.toThrow();
}, 1_200_000);

test('a schema that lacks a migration is refused with 3, until it is applied', async () => {
  const process = processOf('gate');
  const client = new pg.Client({ connectionString: deployment.resources.databaseUrls.gate });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; sha256: string }>('DELETE FROM stella_migrations WHERE name = (SELECT max(name) FROM stella_migrations) RETURNING name, sha256');
    process.start();
    expect(await process.exited()).toMatchObject({ code: 3 });
    expect(lastRecord(process)).toMatchObject({ reason: 'SCHEMA_OUTDATED', facts: { missing: rows[0]?.name } });
    await client.query('INSERT INTO stella_migrations (name, sha256) VALUES ($1, $2)', [rows[0]?.name, rows[0]?.sha256]);
  } finally {
    await client.end();
  }
  process.start('migrate');
  expect(await process.exited()).toMatchObject({ code: 0 });
  expect(lastRecord(process)).toMatchObject({ applied: [] });
}, 600_000);

test('a second stop does not wait', async () => {
  const process = processOf('csfg');
  process.start();
  await process.ready();
  const [first, second] = await Promise.all([process.stop(), process.stop('SIGINT')]);
  expect([first.signal, second.signal]).toEqual([null, null]);
  expect(first.ms).toBeLessThan(STOP_MS_MAX);
}, 600_000);

test('every variable of every service is in the table, and every one in the table is read', () => {
  const text = readFileSync(join(import.meta.dirname, '../../libs/platform/process/README.md'), 'utf8');
  const told = new Set([...text.matchAll(/^\|.*\|$/gm)].flatMap(([row]) => [...row.matchAll(/`(STELLA_[A-Z0-9_]+)`/g)].map(([, name]) => name)));
  const all = [psdiProcess, marketplaceProcess, replayWorkerProcess, csfgProcess, frvfProcess, fbpeProcess, gateProcess];
  const read = new Set(all.flatMap((process) => variablesOf(process as never)));
  expect([...told].sort()).toEqual([...read].sort());
});
