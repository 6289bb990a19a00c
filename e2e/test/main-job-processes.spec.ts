import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrossVerificationResult } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { incidentById, sha256OfFile } from '@stella/incidents';
import { childTrace, formatTraceparent } from '@stella/platform-telemetry';
import { followPeers, MainJob, type MainJobSystem, mainJobTests } from '../../services/stella/test/support/main-job.js';
import { createDeployments, type Deployment } from '../deployment/index.mjs';
import { type Addresses, useServers } from '../servers/index.mjs';
import { type Side, sideOf } from './support/side.js';
import { findSpan, requireConnected, type TraceSpan, waitForTrace } from './support/traces.js';

/** By which everything may take longer than in one process with nothing beside it. */
const SLOWNESS = 4;
const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'main-job-processes-'));

let servers: Pick<Addresses, 'kafka' | 'postgres' | 's3' | 'oidc' | 'traces'>;
let acme: Deployment;
let globex: Deployment;
let own: Side;
let partner: Side;

beforeAll(async () => {
  servers = await useServers(['kafka', 'postgres', 's3', 'oidc', 'traces']);
  const [first, second] = await createDeployments({ organisations: 2, servers });
  if (!first || !second) throw new Error('two deployments were asked for');
  [acme, globex] = [first, second];
  for (const deployment of [acme, globex]) await deployment.start();
  [own, partner] = [await sideOf(acme.connection, join(folder, acme.organisation)), await sideOf(globex.connection, join(folder, globex.organisation))];
  printMemory('idle');
}, 1_800_000);

afterAll(async () => {
  for (const { client } of [own, partner].filter(Boolean)) client.close();
  for (const deployment of [acme, globex].filter(Boolean)) await deployment.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

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

test('one question is one trace, through every service, the broker, the database, the store and a capsule', async () => {
  const incident = incidentById('esbuild-3205');
  const job = new MainJob(system());
  const [code, program] = [join(folder, 'traced.c'), join(folder, 'traced')];
  // Nobody has replayed it yet.
  writeFileSync(code, `int main(void) { return ${process.pid} & 1; }`);
  execFileSync('gcc', ['-O2', '-static', '-o', program, code]);
  await own.client.uploadArtifact(program);
  const question = {
    baseline: { sha256: await job.digestOf(incident.bad), label: incident.bad.name, resourceUri: '' },
    candidate: { sha256: await sha256OfFile(program), label: 'traced', resourceUri: '' },
    claims: [`fixes incident ${incident.id}`],
    policy: 'policies/standard',
    baselineBasis: 'runs',
    fresh: true,
  };
  const trace = childTrace();
  let verdicts = 0;
  for await (const { event } of own.client.gate.evaluateRelease(question, { metadata: { traceparent: formatTraceparent(trace) } })) if (event?.$case === 'verdict') verdicts += 1;
  expect(verdicts).toBe(1);

  const spans = await waitForTrace(servers.traces.query, trace.traceId, requireWhole, 120_000);
  requireConnected(spans);
  expect([...new Set(spans.map(({ service }) => service))]).toEqual(expect.arrayContaining(['stella-gate', 'stella-psdi', 'stella-frvf', 'stella-replay-worker', 'stella-fbpe']));
}, 480_000);

function requireWhole(spans: readonly TraceSpan[]): void {
  const asked = findSpan(spans, { service: 'stella-gate', kind: 'server', name: /GateService\/EvaluateRelease/i });
  findSpan(spans, { service: 'stella-psdi', kind: 'server', name: /DeltaIndexService\/CreateDelta/i, below: asked });
  findSpan(spans, { service: 'stella-fbpe', kind: 'server', name: /FederationService\/AppendEntry/i, below: asked });
  const verified = findSpan(spans, { service: 'stella-frvf', kind: 'server', name: /WitnessService\/CreateVerification/i, below: asked });
  findSpan(spans, { service: 'stella-frvf', kind: 'client', name: /^pg\.query/, below: verified });
  const ordered = findSpan(spans, { service: 'stella-frvf', kind: 'producer', name: 'create stella.frvf.replay-requested.v1alpha', below: verified });
  findSpan(spans, { service: 'stella-frvf', kind: 'client', name: 'send stella.frvf.replay-requested.v1alpha', below: ordered });
  const replayed = findSpan(spans, { service: 'stella-replay-worker', kind: 'consumer', below: ordered });
  findSpan(spans, { service: 'stella-replay-worker', name: 'capsule run', below: replayed });
  findSpan(spans, { service: 'stella-replay-worker', kind: 'client', name: /^S3\./, below: replayed });
  const answered = findSpan(spans, { service: 'stella-replay-worker', kind: 'producer', name: 'create stella.replay-worker.replay-completed.v1alpha', below: replayed });
  findSpan(spans, { service: 'stella-frvf', kind: 'consumer', below: answered });
}

test('every process stops when it is told to, in time and with nothing left over', async () => {
  const ended = (await Promise.all([acme.stop(), globex.stop()])).flat();
  expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
  for (const { ms, name } of ended) expect([name, ms < 15_000]).toEqual([name, true]);
}, 120_000);

function factOf({ verdict }: { readonly verdict: { readonly facts: readonly { readonly name: string; readonly value: string }[] } }, wanted: string): string | undefined {
  return verdict.facts.find(({ name }) => name === wanted)?.value;
}
