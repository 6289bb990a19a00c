import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlobInfo, LocalBlobCache } from '../src/index.js';

const LEASE_MS = 1_000;
let folder: string;
let nowMs = Date.now();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-cache-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => LocalBlobCache.open(folder, { sizeBytesMax: 1_000, leaseMs: LEASE_MS, now: () => nowMs });
function blob(text: string, sizeBytes: number): { info: BlobInfo; fetch: () => AsyncIterable<Uint8Array>; fetched: () => number } {
  const bytes = Buffer.alloc(sizeBytes, text);
  let count = 0;
  const fetch = async function* () {
    count++;
    yield bytes;
  };
  return { info: { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes }, fetch, fetched: () => count };
}

test('a blob is fetched once, for all who ask at once and later', async () => {
  const cache = await open();
  const { info, fetch, fetched } = blob('a', 400);
  const paths = await Promise.all([1, 2, 3].map(() => cache.path(info, fetch)));
  expect(await cache.path(info, fetch)).toBe(paths[0]);
  expect(fetched()).toBe(1);
  expect(await readFile(paths[0] ?? '')).toHaveLength(400);
});

test('what was used longest ago goes first, in whatever process it was used', async () => {
  const [cache, other] = [await open(), await open()];
  const [a, b, c] = [blob('a', 400), blob('b', 400), blob('c', 400)];
  await cache.path(a.info, a.fetch);
  nowMs += LEASE_MS;
  await cache.path(b.info, b.fetch);
  nowMs += LEASE_MS;
  await other.path(a.info, a.fetch);
  nowMs += LEASE_MS;
  await other.path(c.info, c.fetch);
  expect((await readdir(folder)).sort()).toEqual([a.info.sha256, c.info.sha256].sort());
});

test('what was handed out a moment ago stays, and who finds no room is told', async () => {
  const cache = await open();
  const [a, b] = [blob('a', 600), blob('b', 600)];
  await cache.path(a.info, a.fetch);
  await expect(cache.path(b.info, b.fetch)).rejects.toMatchObject({ reason: 'BLOB_STORE_FULL', facts: { inUseBytes: '1200', sizeBytesMax: '1000' } });
  expect(await readdir(folder)).toEqual([a.info.sha256]);
  nowMs += LEASE_MS;
  await cache.path(b.info, b.fetch);
  expect(await readdir(folder)).toEqual([b.info.sha256]);
});

test('a local file that has changed is fetched again', async () => {
  const cache = await open();
  const { info, fetch, fetched } = blob('a', 100);
  const path = await cache.path(info, fetch);
  await chmod(path, 0o644);
  await writeFile(path, 'altered');
  expect(await readFile(await cache.path(info, fetch))).toHaveLength(100);
  expect(fetched()).toBe(2);
});

test('a source that breaks off leaves nothing, and what a dead process left counts until it is old', async () => {
  const cache = await open();
  const { info } = blob('a', 100);
  const broken = async function* () {
    yield Buffer.from('half');
    throw new Error('cut');
  };
  await expect(cache.path(info, broken)).rejects.toThrow('cut');
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(folder, 'left.unfinished'), Buffer.alloc(950));
  const b = blob('b', 100);
  nowMs = Date.now();
  await expect(cache.path(b.info, b.fetch)).rejects.toMatchObject({ reason: 'BLOB_STORE_FULL' });
  nowMs += 3_600_001;
  await cache.path(b.info, b.fetch);
  expect(await readdir(folder)).toEqual([b.info.sha256]);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot('a full disk is told as such', async () => {
  const small = join(folder, 'small');
  await mkdir(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', small]);
  try {
    const cache = await LocalBlobCache.open(small);
    const { info, fetch } = blob('a', 1 << 20);
    await expect(cache.path(info, fetch)).rejects.toMatchObject({ reason: 'BLOB_STORE_FULL', facts: { code: 'ENOSPC' } });
    expect(await readdir(small)).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});
