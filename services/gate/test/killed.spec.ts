import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { GateRuntime } from './support/gate-runtime.js';
import { keysForChild } from './support/installation.js';
import { CANDIDATE } from './support/release.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let database: TestDatabase;
let folder: string;
let gate: GateRuntime;
beforeAll(async () => {
  database = await startTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'stella-killed-'));
  gate = await GateRuntime.start({}, database, await DirectoryBlobStore.open(folder));
}, 60_000);
afterAll(async () => {
  await gate.stop();
  await database.stop();
  await rm(folder, { recursive: true });
});

/** Calls that a process had made when it was killed with SIGKILL. */
async function killedAt(stopsAt: string, tenant: string): Promise<readonly { call: string; requestId: string }[]> {
  const settings = JSON.stringify({ administrator: database.administrator, blobFolder: folder, stopsAt, tenant });
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', at('../../../libs/platform/database/test/source-loader.mjs'), '--conditions=@stella/source', at('support/killed-gate.ts'), settings], {
    env: { ...process.env, ...keysForChild(), NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, problems] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
  const ended = once(child, 'exit');
  for await (const chunk of child.stdout) if ((output += String(chunk)).includes('\n')) break;
  child.kill('SIGKILL');
  await ended;
  if (output === '') throw new Error(`the child ended early: ${problems}`);
  return JSON.parse(output.split('\n', 1)[0] ?? '') as { call: string; requestId: string }[];
}

test.each(['psdi.createDelta', 'frvf.getVerification', 'fbpe.appendEntry', 'fbpe.getEntry', 'blobs.put'])('killed at %s: nothing can be seen, and the next run takes it up', async (stopsAt) => {
  const tenant = `killed-at-${stopsAt}`;
  const before = await killedAt(stopsAt, tenant);
  gate.peers.calls = [];
  const client = gate.client({ tenant });
  expect((await client.listVerdicts({ candidateSha256: CANDIDATE, pageSize: 0, pageToken: '' })).verdicts).toEqual([]);
  const own = await database.service('gate');
  const states = () => own.query<{ state: string }>('SELECT state FROM evaluations WHERE tenant = $1', [tenant]);
  expect(await states()).toEqual([{ state: 'running' }]);
  const { verdict } = await gate.evaluate({}, { tenant });
  expect(verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
  expect(await gate.verify(verdict, {}, { tenant })).toMatchObject({ exitCode: 0 });
  expect(await states()).toEqual([{ state: 'done' }]);
  // What was asked for before is asked for under the same request ids: whoever did it answers with it.
  const ids = (calls: typeof before) => calls.filter(({ requestId }) => requestId !== '').map(({ call, requestId }) => `${call} ${requestId}`);
  expect(ids(gate.peers.calls)).toEqual(expect.arrayContaining(ids(before)));
}, 120_000);
