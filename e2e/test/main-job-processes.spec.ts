import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeConnection } from '@stella/cli';
import { createStellaClient, type StellaClient } from '@stella/client';
import { CrossVerificationResult } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { incidentById } from '@stella/incidents';
import { CommandLine } from '../../services/stella/test/support/cli.js';
import { followPeers, MainJob, type MainJobSystem, mainJobTests } from '../../services/stella/test/support/main-job.js';
import { createDeployments, type Deployment } from '../deployment/index.mjs';

/** By which everything may take longer than in one process with nothing beside it. */
const SLOWNESS = 4;
const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'main-job-processes-'));

let acme: Deployment;
let globex: Deployment;
let own: Side;
let partner: Side;

/** An organisation as its operator has it. */
interface Side {
  readonly stella: CommandLine;
  readonly client: StellaClient;
}

beforeAll(async () => {
  const [first, second] = await createDeployments({ organisations: 2 });
  if (!first || !second) throw new Error('two deployments were asked for');
  [acme, globex] = [first, second];
  for (const deployment of [acme, globex]) await deployment.start();
  own = await sideOf(acme);
  partner = await sideOf(globex);
  printMemory('idle');
}, 1_800_000);

afterAll(async () => {
  for (const { client } of [own, partner].filter(Boolean)) client.close();
  for (const deployment of [acme, globex].filter(Boolean)) await deployment.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

async function sideOf({ organisation, connection }: Deployment): Promise<Side> {
  const stella = new CommandLine(join(folder, organisation));
  await writeConnection(stella.connectionPath, connection);
  const { grpcAddress: address, grpcAddresses: addresses, clientId, clientSecret, issuer, audience } = connection;
  return { stella, client: createStellaClient({ address, addresses, credentials: { clientId, clientSecret, issuer, resource: audience } }) };
}

const system = (): MainJobSystem => ({ stella: own.stella, client: own.client, rootKeyOptions: ['--root-key', acme.rootKeysPath] });

function printMemory(when: string): void {
  const rows = [acme, globex].flatMap(({ organisation, processes }) => processes.map((process) => [organisation, process.name, process.memoryBytes() / MIB] as const));
  const sum = rows.reduce((total, [, , mib]) => total + mib, 0);
  console.log([`memory ${when}, MiB:`, ...rows.map(([organisation, name, mib]) => `  ${organisation.padEnd(16)}${name.padEnd(18)}${mib.toFixed(0).padStart(6)}`), `  ${'together'.padEnd(34)}${sum.toFixed(0).padStart(6)}`].join('\n'));
}

test('the two operators let their nodes peer, by the cards that they hand each other', async () => {
  for (const { stella } of [own, partner]) expect(await stella.run('node', 'card', '--out', 'card.json')).toMatchObject({ exitCode: 0 });
  expect(await own.stella.run('node', 'peer', join(partner.stella.folder, 'card.json'))).toMatchObject({ exitCode: 0 });
  expect(await partner.stella.run('node', 'peer', join(own.stella.folder, 'card.json'))).toMatchObject({ exitCode: 0 });
  expect(await own.stella.run('node', 'peers')).toMatchObject({ exitCode: 0, answer: { peerings: [{ organisation: globex.organisation }] } });
}, 60_000);

mainJobTests(system, SLOWNESS);

test('another organisation lifts both builds again and agrees, and counts as a partner', async () => {
  const incident = incidentById('esbuild-3205');
  const job = new MainJob(system());
  for (const release of [incident.bad, incident.good]) await partner.client.uploadArtifact(await job.programOf(release));
  const before = await job.gate(incident);
  expect(factOf(before, 'cross_verifications_independent')).toBe('0');
  await followPeers(partner.client);
  await followPeers(own.client);

  const { entries } = await own.client.fbpe.queryProvenance({ subjectSha256: await job.digestOf(incident.good), pageSize: 100 });
  const words = entries.flatMap(({ crossVerifications }) => crossVerifications);
  expect(words).toContainEqual(
    expect.objectContaining({ organisation: globex.organisation, method: 'deep-re-lift', result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES, sameOperator: false }),
  );
  // What the partner found is news: the question is weighed again, and its word is part of the verdict.
  const bundle = 'with-partner.bundle.json';
  const after = await job.gate(incident, { bundle });
  expect([after.exitCode, factOf(after, 'cross_verifications_independent')]).toEqual([0, '1']);
  expect(await job.verifyOffline(bundle, await job.digestOf(incident.good))).toMatchObject({ exitCode: 0, error: undefined });
}, 480_000);

test('a verdict is believed by the root key that the operator tells, and by no other one', async () => {
  const incident = incidentById('esbuild-3205');
  const job = new MainJob(system());
  await job.gate(incident, { bundle: 'trusted.bundle.json' });
  const subject = await job.digestOf(incident.good);
  expect(await job.verifyOffline('trusted.bundle.json', subject, ['--root-key', globex.rootKeysPath])).toMatchObject({ exitCode: 4, error: undefined });
  // Without a pinned key the root would have to be a development root.
  expect(await job.verifyOffline('trusted.bundle.json', subject, [])).toMatchObject({ exitCode: 4, error: undefined });
  printMemory('after the main job');
}, 240_000);

test('every process stops when it is told to, in time and with nothing left over', async () => {
  const ended = (await Promise.all([acme.stop(), globex.stop()])).flat();
  expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
  for (const { ms, name } of ended) expect([name, ms < 15_000]).toEqual([name, true]);
}, 120_000);

function factOf({ verdict }: { readonly verdict: { readonly facts: readonly { readonly name: string; readonly value: string }[] } }, wanted: string): string | undefined {
  return verdict.facts.find(({ name }) => name === wanted)?.value;
}
