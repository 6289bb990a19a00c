import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeConnection } from '@stella/cli';
import { createStellaClient, type StellaClient } from '@stella/client';
import { provisionService } from '@stella/platform-database';
import pg from 'pg';
import { CommandLine, type Ran } from '../../services/stella/test/support/cli.js';
import { onInstallation } from '../../services/stella/test/support/installation-cli.js';
import { type SmallRelease, SmallReleases } from '../../services/stella/test/support/small-releases.js';
import { createDeployments, type Deployment, SERVICES } from '../deployment/index.mjs';
import { type Addresses, useServers } from '../servers/index.mjs';
import { clientOf as s3ClientOf, namesIn } from './support/bucket.js';

const SENT_WITHIN_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'backup-cluster-'));
const BACKUP = join(folder, 'backup');
const releases = new SmallReleases(folder);
const stella = new CommandLine(join(folder, 'home'));

let servers: Pick<Addresses, 'kafka' | 'postgres' | 's3' | 'oidc'>;
let acme: Deployment;
let client: StellaClient;

beforeAll(async () => {
  servers = await useServers(['kafka', 'postgres', 's3', 'oidc']);
  const [only] = await createDeployments({ organisations: 1, servers });
  if (!only) throw new Error('a deployment was asked for');
  acme = only;
  await acme.start();
  await writeConnection(stella.connectionPath, acme.connection);
  const { grpcAddress: address, grpcAddresses: addresses, clientId, clientSecret, issuer, audience } = acme.connection;
  client = createStellaClient({ address, addresses, credentials: { clientId, clientSecret, issuer, resource: audience } });
}, 1_800_000);

afterAll(async () => {
  client?.close();
  await acme?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const gate = (release: SmallRelease) => releases.gate(stella, release);
const verdicts = async () => (await client.gate.listVerdicts({})).verdicts;
const logEnd = async () => (await stella.run('node', 'status')).answer;

/** With the account of who runs the database, and otherwise the variables of any process. */
function operator(...argv: readonly string[]): Promise<Ran> {
  const { host, port, user, password } = servers.postgres;
  const database = `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${acme.resources.database}`;
  return onInstallation(folder, { ...acme.of('psdi')[0]?.env, STELLA_EVIDENCE_KEY_FILE: undefined, STELLA_TRUST_ROOT_FILE: undefined, STELLA_ROOT_KEYS_FILE: undefined, STELLA_DATABASE_URL: database }, ...argv);
}

async function administer(database: string, ...statements: readonly string[]): Promise<void> {
  const { host, port, user, password } = servers.postgres;
  const administrator = new pg.Client({ host, port, user, password, database });
  await administrator.connect();
  try {
    for (const statement of statements) await administrator.query(statement);
  } finally {
    await administrator.end();
  }
}

/** The database as an operator makes it for a new installation, under the same names. */
async function emptyDatabase(): Promise<void> {
  const { database, databaseUrls } = acme.resources;
  await administer('postgres', `DROP DATABASE ${database} WITH (FORCE)`, `CREATE DATABASE ${database}`, `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  const { host, port, user, password } = servers.postgres;
  for (const service of SERVICES) await provisionService({ host, port, user, password, database }, service, decodeURIComponent(new URL(databaseUrls[service]).password));
}

async function emptyBucket(): Promise<void> {
  const s3 = s3ClientOf(servers.s3);
  await s3.removeObjects(acme.resources.bucket, await namesIn(s3, acme.resources.bucket));
}

test('a cluster whose database and bucket were lost has its verdicts, its bundles and its log again', async () => {
  const asked = await gate('v2');
  expect(asked).toMatchObject({ exitCode: 0, error: undefined, unmet: [] });
  const keys = join(acme.folder, 'keys');
  const made = await operator('backup', BACKUP, '--keys', keys);
  expect(made).toMatchObject({ exitCode: 0, error: undefined, answer: { shape: 'cluster', organisation: acme.organisation, keys: 'included' } });
  expect(made.answer.schemas).toEqual(SERVICES.map((service) => service.replaceAll('-', '_')).sort());
  expect(statSync(join(BACKUP, 'keys', 'fbpe', 'log-key.pem')).mode & 0o777).toBe(0o600);
  // The root key and the head of the log are kept apart.
  expect(readdirSync(join(BACKUP, 'keys'))).not.toContain('root');
  expect(readFileSync(join(BACKUP, 'files.sha256'), 'utf8')).not.toContain('head.json');
  const [before, end] = [await verdicts(), await logEnd()];
  expect(await operator('restore', BACKUP)).toMatchObject({ exitCode: 1, error: { reason: 'INSTALLATION_NOT_EMPTY' } });

  await acme.stop();
  await emptyDatabase();
  await emptyBucket();
  const restored = await operator('restore', BACKUP, '--keys', 'restored-keys', '--manifest-sha256', made.answer.manifestSha256);
  expect(restored).toMatchObject({ exitCode: 0, error: undefined });
  expect(readFileSync(join(folder, 'restored-keys', 'gate', 'verdict-key.pem'))).toEqual(readFileSync(join(keys, 'gate', 'verdict-key.pem')));
  console.log(`cluster backup: ${made.answer.blobs} blobs, ${(made.answer.sizeBytes / 2 ** 20).toFixed(1)} MiB, ${made.answer.seconds} s; restore: ${restored.answer.seconds} s`);
  await acme.start();
  expect(await verdicts()).toEqual(before);
  expect(await logEnd()).toEqual(end);
  expect(await gate('v2')).toEqual({ ...asked, isCached: true });
  // It works on: events flow, and the log takes more.
  expect(await gate('v3')).toMatchObject({ exitCode: 0, isCached: false, unmet: [] });
  await eventsAreSent();
}, 900_000);

test('where the bucket remembers that more was signed, the older database signs nothing', async () => {
  await acme.stop();
  await emptyDatabase();
  expect(await operator('restore', BACKUP)).toMatchObject({ exitCode: 0, error: undefined });
  await acme.start();
  expect(await gate('v4')).toMatchObject({ exitCode: 3, unmet: ['evidence-logged'] });
  expect(await (await fetch(`${acme.of('fbpe')[0]?.httpAddress}/metrics`)).text()).toMatch(/^fbpe_signing_stopped(?:\{[^}]*\})? 1$/m);
}, 600_000);

/** The outboxes came with the numbers of another server's transactions, and must not wait for them. */
async function eventsAreSent(): Promise<void> {
  const { host, port, user, password } = servers.postgres;
  const administrator = new pg.Client({ host, port, user, password, database: acme.resources.database });
  await administrator.connect();
  try {
    const waiting = SERVICES.map((service) => `SELECT count(*)::int AS n FROM "${service.replaceAll('-', '_')}".outbox WHERE relayed_at IS NULL`).join(' UNION ALL ');
    for (const until = Date.now() + SENT_WITHIN_MS; ; await delay(500)) {
      const { rows } = await administrator.query<{ n: number }>(waiting);
      if (rows.every(({ n }) => n === 0)) return;
      if (Date.now() > until) throw new Error(`events wait: ${rows.map(({ n }) => n).join(' ')}`);
    }
  } finally {
    await administrator.end();
  }
}
