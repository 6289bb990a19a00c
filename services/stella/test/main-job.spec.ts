import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { CrossVerificationResult } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { incidentById } from '@stella/incidents';
import { clientOf, StellaNetwork } from '../src/index.js';
import { CommandLine } from './support/cli.js';
import { followPeers, MainJob, type MainJobSystem, mainJobTests } from './support/main-job.js';

const folder = mkdtempSync(join(tmpdir(), 'main-job-'));
const stella = new CommandLine(folder);
let network: StellaNetwork;
let own: StellaClient;
let partner: StellaClient;

beforeAll(async () => {
  network = await StellaNetwork.create({ nodes: 2 });
  const [first, second] = network.nodes;
  if (!first || !second) throw new Error('a network of two nodes has two nodes');
  own = clientOf(first.connection);
  partner = clientOf(second.connection);
  await writeConnection(stella.connectionPath, first.connection);
}, 60_000);

afterAll(async () => {
  own?.close();
  partner?.close();
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const system = (): MainJobSystem => ({ stella, client: own, rootKeyOptions: [] });

mainJobTests(system);

test('the partner lifts both builds again and agrees; it is of the same operator, and counts for nobody', async () => {
  const incident = incidentById('esbuild-3205');
  const job = new MainJob(system());
  for (const release of [incident.bad, incident.good]) await partner.uploadArtifact(await job.programOf(release));
  await job.gate(incident);
  await network.settle();
  await followPeers(partner);
  await followPeers(own);

  const { entries } = await own.fbpe.queryProvenance({ subjectSha256: await job.digestOf(incident.good), pageSize: 100 });
  const words = entries.flatMap(({ crossVerifications }) => crossVerifications);
  expect(words).toContainEqual(
    expect.objectContaining({ organisation: 'node-2.test', method: 'deep-re-lift', result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES, sameOperator: true }),
  );
  expect(words.filter(({ sameOperator }) => !sameOperator)).toEqual([]);
  const { verdict } = await job.gate(incident);
  expect(verdict.facts.find(({ name }) => name === 'cross_verifications_independent')).toMatchObject({ value: '0' });
}, 120_000);
