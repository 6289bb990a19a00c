import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { releaseCacheFolder, writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { OperationState } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { clientOf, type NodeConnection } from '../src/index.js';
import { keepPorts } from '../src/keep-ports.js';
import { CommandLine, type Ran } from './support/cli.js';

const LOADER = join(import.meta.dirname, '../../../libs/platform/database/test/source-loader.mjs');
const INCIDENT = incidentById('esbuild-3205');
const ACKNOWLEDGED_WITHIN_MS = 60_000;

let folder: string;
let stella: CommandLine;
let running: Running | undefined;

interface Running {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly client: StellaClient;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'survival-'));
  // The database runs as another user, who passes through.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'node'), { mode: 0o711 });
  stella = new CommandLine(folder);
});

afterAll(async () => {
  running?.client.close();
  running?.process.kill('SIGTERM');
  await running?.exited;
  await rm(folder, { recursive: true, force: true });
}, 30_000);

async function start(): Promise<StellaClient> {
  const ports = JSON.stringify(await keepPorts(join(folder, 'node')));
  const words = ['--conditions=@stella/source', '--import', LOADER, join(import.meta.dirname, 'support/running-node.ts'), join(folder, 'node'), ports];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    // What the libraries of the node say is none of it.
    if (!line.startsWith('{"grpcAddress"')) continue;
    const connection = JSON.parse(line) as NodeConnection;
    await writeConnection(stella.connectionPath, connection);
    running = { process: child, exited, client: clientOf(connection) };
    return running.client;
  }
  throw new Error('the node ended before it was ready');
}

async function kill(): Promise<void> {
  running?.client.close();
  running?.process.kill('SIGKILL');
  expect(await running?.exited).toEqual([null, 'SIGKILL']);
  running = undefined;
}

const gate = (): Promise<Ran> =>
  stella.run('gate', '--baseline', INCIDENT.bad.name, '--candidate', INCIDENT.good.name, '--baseline-runs', '--bundle', 'b.json', ...INCIDENT.claims.flatMap((claim) => ['--claim', claim]));

async function acknowledged<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + ACKNOWLEDGED_WITHIN_MS; Date.now() < until; await delay(20)) {
    const found = await ask();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} was never acknowledged`);
}

const incidentsOf = async (client: StellaClient) => (await client.frvf.listIncidents({})).incidents;
const witnessesOf = async (client: StellaClient) =>
  (await client.frvf.listWitnesses({ incident: `incidents/${INCIDENT.id}` })).witnesses.filter(({ state }) => state === OperationState.OPERATION_STATE_DONE);

test('a node that is killed in the middle of a gate has all that it acknowledged, and the same question then has its answer', async () => {
  const digests = await Promise.all(
    [INCIDENT.bad, INCIDENT.good].map(async (release) => sha256OfFile((await resolveRelease(release, { cacheDir: releaseCacheFolder({ STELLA_HOME: folder }) })).program)),
  );

  // While the incident is recorded.
  let client = await start();
  let asked = gate();
  const [incident] = await acknowledged('the incident', async () => {
    const incidents = await incidentsOf(client);
    return incidents.length > 0 ? incidents : undefined;
  });
  await kill();
  expect(await asked).toMatchObject({ exitCode: 4, answer: undefined });

  // While the release is weighed.
  client = await start();
  for (const digest of digests) expect((await client.psdi.getArtifact({ name: `artifacts/${digest}` })).artifact).toMatchObject({ name: `artifacts/${digest}` });
  expect(await incidentsOf(client)).toEqual([incident]);
  asked = gate();
  const [witness] = await acknowledged('the witness', async () => {
    const witnesses = await witnessesOf(client);
    return witnesses.length > 0 ? witnesses : undefined;
  });
  await delay(500);
  await kill();
  const interrupted = await asked;
  expect(interrupted).toMatchObject({ exitCode: 4, answer: undefined });
  expect(interrupted.error?.next).toMatch(/./);

  client = await start();
  expect(await incidentsOf(client)).toEqual([incident]);
  expect(await witnessesOf(client)).toEqual([witness]);
  const answered = await gate();
  expect(answered).toMatchObject({ exitCode: 0, error: undefined });
  expect(Verdict.fromJSON(answered.answer.verdict)).toMatchObject({ outcome: Outcome.OUTCOME_ALLOW, unmetRules: [] });
  expect(await witnessesOf(client)).toEqual([witness]);
}, 180_000);
