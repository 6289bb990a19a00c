import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREDICATE_TYPES } from '@stella/attestation';
import { writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { CrossVerificationResult } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
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

test('a release that an administrator withdrew may not go out, whoever asks; once it is reinstated it may', async () => {
  const incident = incidentById('esbuild-3205');
  const job = new MainJob(system());
  const bundle = 'before.bundle.json';
  const good = await job.digestOf(incident.good);
  expect(await job.gate(incident, { bundle })).toMatchObject({ exitCode: 0 });
  expect(await stella.run('candidate', 'withdraw', incident.good.name, '--reason', 'vulnerable', '--note', 'a secret')).toMatchObject({ exitCode: 0, answer: { withdrawal: { sha256: good, inForce: true } } });
  expect(await job.verifyOffline(bundle, good)).toMatchObject({ exitCode: 1, answer: { detail: 'VERDICT_WITHDRAWN' } });

  const barred = await job.gate(incident);
  expect(barred).toMatchObject({ exitCode: 1, unmet: ['candidate-not-withdrawn: both'], verdict: { outcome: Outcome.OUTCOME_DENY, withdrawal: { by: 'operator' } } });
  await network.settle();
  const { entries } = await own.fbpe.queryProvenance({ subjectSha256: good, pageSize: 100 });
  expect(entries.map(({ predicateType }) => predicateType)).toContain(PREDICATE_TYPES.withdrawal);

  expect(await stella.run('candidate', 'reinstate', incident.good.name, '--reason', 'mistaken')).toMatchObject({ exitCode: 0 });
  const again = await job.gate(incident, { bundle: 'after.bundle.json' });
  expect(again).toMatchObject({ exitCode: 0, verdict: { cached: false, supersedes: barred.verdict.name } });
  expect(await job.verifyOffline('after.bundle.json', good)).toMatchObject({ exitCode: 0 });
  expect(await job.verifyOffline(bundle, good)).toMatchObject({ exitCode: 1 });
}, 180_000);

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
