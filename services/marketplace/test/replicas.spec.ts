import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MarketplaceServiceService, PackState } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { Client } from 'pg';
import { marketplaceService } from '../src/index.js';
import { buildProgram, type Program, removeProgram } from './programs.js';
import { packed, type PackedFile, Publisher, sha256 } from './publisher.js';

let folder: string;
let database: TestDatabase;
let here: TestRuntime;
let there: TestRuntime;
let program: Program;
let files: PackedFile[];

/** One process of the service; all share database and blobs. */
async function start(): Promise<TestRuntime> {
  const service = marketplaceService({ trustedPublishers: [{ tenant: 'acme', namespaceId: 'acme' }] });
  return startTestRuntime([service], { database, blobs: await DirectoryBlobStore.open(join(folder, 'blobs')) });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-replicas-'));
  database = await startTestDatabase();
  [here, there] = [await start(), await start()];
  program = await buildProgram();
  files = [await packed(program.stripped, 'bin/anchor', 'elf-executable', program.buildId), await packed(program.debug, 'debug/anchor.debug', 'elf-debug', program.buildId)];
});

afterAll(async () => {
  await here?.stop();
  await there?.stop();
  await database?.stop();
  if (program) await removeProgram(program);
  await rm(folder, { recursive: true, force: true });
});

const isServed = async (replica: TestRuntime): Promise<boolean> => {
  const { answers } = await replica.client(MarketplaceServiceService, { tenant: 'acme' }).lookUpBuildIds({ buildIds: [program.buildId] });
  return answers[0]?.missingReason === '';
};

const publishedPacks = async ({ runtime }: TestRuntime): Promise<string | undefined> => /marketplace_packs\{state="published"\} (\d+)/.exec(await runtime.metrics.text())?.[1];

test('what one process publishes, from files that another one received, all of them serve; also one that heard nothing', async () => {
  const publisher = await Publisher.create(here, 'acme', 'acme');
  const elsewhere = there.client(MarketplaceServiceService, { tenant: 'acme' });
  const { upload } = await publisher.open(files);
  for (const { bytes } of files) await elsewhere.uploadFile(parts(upload, bytes));
  expect(await isServed(there)).toBe(false);
  const { pack } = await publisher.client.finalizeUpload({ upload, manifestEnvelope: await publisher.sign(files) });
  expect(pack?.state).toBe(PackState.PACK_STATE_PUBLISHED);
  expect(await isServed(here)).toBe(true);
  while (!(await isServed(there))) await delay(10);

  const later = await start();
  expect(await isServed(later)).toBe(true);
  // Each tells of all packs, whoever published them.
  for (const replica of [here, there, later]) while ((await publishedPacks(replica)) !== '1') await delay(10);
  await later.stop();
});

test('a pack that the version before this one published is numbered too', async () => {
  const administrator = new Client(database.administrator);
  await administrator.connect();
  try {
    await administrator.query('SET search_path = marketplace');
    const { rows: before } = await administrator.query('SELECT max(publication) AS max FROM packs');
    await administrator.query(`UPDATE packs SET publication = NULL, state = 'in-review' WHERE state = 'published'`);
    await administrator.query(`UPDATE packs SET state = 'published'`);
    const { rows: after } = await administrator.query('SELECT max(publication) AS max FROM packs');
    expect(Number(after[0]?.max)).toBeGreaterThan(Number(before[0]?.max));
  } finally {
    await administrator.end();
  }
});

async function* parts(upload: string, bytes: Buffer) {
  yield { part: { $case: 'header' as const, value: { upload, sha256: sha256(bytes) } } };
  for (let start = 0; start < bytes.length; start += 65_536) yield { part: { $case: 'chunk' as const, value: { data: bytes.subarray(start, start + 65_536) } } };
}
