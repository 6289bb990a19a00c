import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeConnection } from '@stella/cli';
import { createStellaClient, type StellaClient } from '@stella/client';
import { Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById } from '@stella/incidents';
import { CommandLine } from '../../services/stella/test/support/cli.js';
import { createDeployments, type Deployment, type ServiceName, type ServiceProcess, SERVICES } from '../deployment/index.mjs';

const folder = mkdtempSync(join(tmpdir(), 'replicas-'));
const incident = incidentById('esbuild-3205');
let deployment: Deployment;
const clients: StellaClient[] = [];

beforeAll(async () => {
  const [only] = await createDeployments({ organisations: 1, replicas: { all: 2 } });
  if (!only) throw new Error('a deployment was asked for');
  deployment = only;
  await deployment.start();
}, 1_800_000);

afterAll(async () => {
  for (const client of clients) client.close();
  await deployment?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const replica = (service: ServiceName, at: 0 | 1): ServiceProcess => deployment.of(service)[at] as ServiceProcess;

/** Everybody's replica of this number, as a pipeline reaches it. */
async function side(at: 0 | 1): Promise<{ stella: CommandLine; client: StellaClient }> {
  const { issuer, audience, clientId, clientSecret } = deployment.connection;
  const grpcAddresses = Object.fromEntries(SERVICES.map((service) => [service, replica(service, at).grpcAddress]));
  const stella = new CommandLine(join(folder, `side-${at}`));
  await writeConnection(stella.connectionPath, { ...deployment.connection, grpcAddress: replica('gate', at).grpcAddress, grpcAddresses, httpAddress: replica('fbpe', at).httpAddress });
  const client = createStellaClient({ address: replica('gate', at).grpcAddress, addresses: grpcAddresses, credentials: { clientId, clientSecret, issuer, resource: audience } });
  clients.push(client);
  return { stella, client };
}

async function gate(stella: CommandLine, { claims = incident.claims, more = [] }: { readonly claims?: readonly string[]; readonly more?: readonly string[] } = {}): Promise<{ exitCode: number; verdict: Verdict }> {
  const { exitCode, answer, stderr } = await stella.run('gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', '--bundle', 'answer.json', ...claims.flatMap((claim) => ['--claim', claim]), ...more);
  if (answer === undefined) throw new Error(`no verdict, exit ${exitCode}: ${stderr}`);
  return { exitCode, verdict: Verdict.fromJSON(answer.verdict) };
}

test('the same question at both gates at once is one evaluation and one verdict, with every service in two processes', async () => {
  const [first, second] = [await side(0), await side(1)];
  // Also records the incident: its witness would be news to whoever asks meanwhile.
  const known = await gate(first.stella);
  expect(known).toMatchObject({ exitCode: 0, verdict: { outcome: Outcome.OUTCOME_ALLOW, unmetRules: [] } });
  const question = { claims: incident.claims.filter((claim) => !claim.includes('js_printer')) };
  const [one, other] = await Promise.all([gate(first.stella, question), gate(second.stella, question)]);
  expect(one).toMatchObject({ exitCode: 3, verdict: { outcome: Outcome.OUTCOME_REVIEW, cached: false } });
  expect(other.verdict.name).toBe(one.verdict.name);
  expect((await first.client.gate.listVerdicts({})).verdicts.map(({ name }) => name).sort()).toEqual([known.verdict.name, one.verdict.name].sort());
  const { entries } = await second.client.fbpe.queryProvenance({ subjectSha256: one.verdict.candidate?.sha256 ?? '', pageSize: 100 });
  expect(new Set(entries.map(({ payloadSha256 }) => payloadSha256)).size).toBe(entries.length);
  // Both replicas took part: callers spread their calls, consumers their keys.
  for (const service of ['psdi', 'frvf', 'fbpe'] as const) for (const at of [0, 1] as const) expect([service, at, await handled(replica(service, at))]).toEqual([service, at, expect.any(Number)]);
}, 900_000);

test('one process of each service may go at any time: what the other ones do is not disturbed', async () => {
  const { stella } = await side(0);
  const asked = gate(stella, { more: ['--fresh'] });
  await delay(200);
  await Promise.all(SERVICES.filter((service) => service !== 'gate').map((service) => replica(service, 1).kill()));
  expect(await asked).toMatchObject({ exitCode: 0, verdict: { outcome: Outcome.OUTCOME_ALLOW } });
  for (const service of SERVICES) if (service !== 'gate') replica(service, 1).start();
  await deployment.ready();
  const { stella: elsewhere } = await side(1);
  expect(await gate(elsewhere, { more: ['--fresh'] })).toMatchObject({ exitCode: 0, verdict: { outcome: Outcome.OUTCOME_ALLOW } });
}, 900_000);

/** Calls that a process answered well. */
async function handled({ httpAddress }: ServiceProcess): Promise<number> {
  const text = await (await fetch(`${httpAddress}/metrics`)).text();
  const count = [...text.matchAll(/^grpc_server_handled_total\{[^}]*code="OK"[^}]*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  if (count === 0) throw new Error(`${httpAddress} answered nobody`);
  return count;
}
