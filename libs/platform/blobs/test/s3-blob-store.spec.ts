import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BLOB_LINKS_CONTRACT, BLOB_STORE_CONTRACT, keepSwept, LocalBlobCache, S3BlobStore, type S3Config } from '../src/index.js';
import { PART_BYTES } from '../src/limits.js';
import { certificateFor } from '../../database/test/tls-proxy.js';
import { FakeS3 } from './fake-s3.js';

const MIB = 1 << 20;
let folder: string;
let s3: FakeS3;
let store: S3BlobStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-s3-'));
  s3 = await FakeS3.start();
  store = await open();
});
afterEach(async () => {
  await s3.stop();
  await rm(folder, { recursive: true });
});

async function open(changes: Partial<S3Config> = {}): Promise<S3BlobStore> {
  const config: S3Config = { endpoint: s3.endpoint, bucket: 'evidence', accessKey: 'a', secretKey: 'not looked at', prefix: 'stella/', ...changes };
  return S3BlobStore.open(config, await LocalBlobCache.open(join(folder, 'cache')));
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const keyOf = (bytes: Buffer): string => `stella/sha256/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`;
const operations = () => s3.requests.map(({ operation }) => operation);
const large = Buffer.alloc(20 * MIB, 'large');
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}

describe('the contract', () => {
  test.each(Object.entries(BLOB_STORE_CONTRACT))('%s', async (_name, check) => {
    const corrupt = (name: string) => {
      const key = `stella/sha256/${name.slice(0, 2)}/${name}`;
      const altered = Buffer.from(s3.objects.get(key)?.bytes ?? Buffer.alloc(1));
      altered[0] = (altered[0] ?? 0) ^ 1;
      s3.store(key, altered);
    };
    await check({ store, corrupt });
    expect([...s3.objects.keys()].filter((key) => !key.startsWith('stella/sha256/'))).toEqual([]);
    expect(s3.uploads.size).toBe(0);
  });

  // The expiry is the server's, and is looked at with a real one.
  test.each(Object.entries(BLOB_LINKS_CONTRACT).filter(([name]) => !/past it|without credentials/.test(name)))('%s', (_name, check) => check({ store, links: store }));
});

describe('what is written', () => {
  test('small is one conditional request; large and announced goes to its place in parts; unannounced is moved there inside the store', async () => {
    await store.put(Buffer.from('small'));
    expect(operations()).toEqual(['HeadBucket', 'PutObject']);
    s3.requests.length = 0;
    await store.put(inPieces(large), { expectedSha256: sha256(large) });
    expect(operations()).toEqual(['CreateMultipartUpload', 'UploadPart', 'UploadPart', 'UploadPart', 'CompleteMultipartUpload']);
    s3.objects.clear();
    s3.requests.length = 0;
    await store.put(inPieces(large));
    expect(operations().slice(5)).toEqual(['HeadObject', 'CreateMultipartUpload', 'UploadPartCopy', 'CompleteMultipartUpload', 'DeleteObject']);
    expect([...s3.objects.keys()]).toEqual([keyOf(large)]);
  });

  test('the same again leaves the object as it is, and does not read it where its tag says that it is the same', async () => {
    for (const [bytes, options] of [[Buffer.from('small'), {}], [large, { expectedSha256: sha256(large) }]] as const) {
      await store.put(inPieces(bytes), options);
      const before = s3.objects.get(keyOf(bytes));
      s3.requests.length = 0;
      await store.put(inPieces(bytes), options);
      expect(s3.objects.get(keyOf(bytes))).toBe(before);
      expect(operations()).not.toContain('GetObject');
    }
  });

  test('another whole copy under other part boundaries is read, and stays', async () => {
    s3.store(keyOf(large), large, 'made-elsewhere-1');
    const before = s3.objects.get(keyOf(large));
    await store.put(large, { expectedSha256: sha256(large) });
    expect(s3.objects.get(keyOf(large))).toBe(before);
    expect(operations()).toContain('GetObject');
    expect(s3.uploads.size).toBe(0);
  });

  test('takes no more of a source than two parts while the store is slow', async () => {
    let taken = 0;
    const endless = (async function* () {
      for (;;) {
        taken += MIB;
        yield Buffer.alloc(MIB);
      }
    })();
    const hasty = await open({ timeouts: { idleMs: 1_000, answerMs: 1_000 } });
    s3.fault = ({ operation }) => (operation === 'UploadPart' ? { silent: true } : undefined);
    await expect(hasty.put(endless)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    // Two parts, and the piece that shows that there is more.
    expect(taken).toBe(2 * PART_BYTES + MIB);
  });

  test('an upload that is swapped between the look and the move makes no blob', async () => {
    const { id, url } = await store.openUpload(60_000);
    await fetch(url, { method: 'PUT', body: new Uint8Array(large) });
    s3.fault = ({ operation }) => {
      if (operation === 'UploadPartCopy') s3.store(`stella/incoming/${id}`, Buffer.alloc(large.length, 'other'));
      return undefined;
    };
    await expect(store.takeUpload(id)).rejects.toMatchObject({ reason: 'BLOB_DIGEST_MISMATCH' });
    expect([s3.objects.size, s3.uploads.size]).toEqual([0, 0]);
  });
});

describe('a store in trouble', () => {
  const slowDown = { status: 503, code: 'SlowDown' };

  test.each(['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'UploadPartCopy', 'HeadObject'])('that says SlowDown twice to %s is asked again', async (operation) => {
    s3.failFirst(operation, 2, slowDown);
    await store.put(Buffer.from('small'));
    await store.put(inPieces(large));
    await expect(store.stat(sha256(large))).resolves.toMatchObject({ sizeBytes: large.length });
  });

  test('that says it for ever is unavailable, with its word for it, and nothing half-done stays', async () => {
    s3.fault = ({ operation }) => (operation === 'UploadPart' || operation === 'PutObject' ? slowDown : undefined);
    const facts = { part: 'blob store', code: 'SlowDown', bucket: 'evidence', endpoint: s3.endpoint };
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts });
    await expect(store.put(inPieces(large))).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts });
    expect(s3.uploads.size).toBe(0);
  });

  test.each(['PutObject', 'CompleteMultipartUpload', 'UploadPart'])('whose answer to %s is lost has done it once', async (operation) => {
    const bytes = operation === 'PutObject' ? Buffer.from('small') : large;
    s3.failFirst(operation, 1, { loseAnswer: true });
    await expect(store.put(inPieces(bytes), { expectedSha256: sha256(bytes) })).resolves.toMatchObject({ sha256: sha256(bytes) });
    expect([...s3.objects.keys()]).toEqual([keyOf(bytes)]);
  });

  test('that cuts a download is asked for the rest, as long as something comes', async () => {
    await store.put(large);
    s3.failFirst('GetObject', 12, { cutAfterBytes: 1_500_000 });
    expect((await store.bytes(sha256(large))).equals(large)).toBe(true);
    s3.failFirst('GetObject', 99, { cutAfterBytes: 0 });
    await expect(store.bytes(sha256(large))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });

  test('that falls silent is given up in time', async () => {
    const hasty = await open({ timeouts: { idleMs: 200, answerMs: 500 } });
    const before = Date.now();
    s3.fault = () => ({ silent: true });
    await expect(hasty.stat(sha256(large))).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts: { code: 'ETIMEDOUT' } });
    expect(Date.now() - before).toBeLessThan(10_000);
  });

  test.each([
    ['XMinioStorageFull', 507, 'BLOB_STORE_FULL'],
    ['AccessDenied', 403, 'BLOB_STORE_DENIED'],
    ['SignatureDoesNotMatch', 403, 'BLOB_STORE_DENIED'],
    ['NoSuchBucket', 404, 'BLOB_BUCKET_MISSING'],
    ['SomethingNew', 400, 'UNAVAILABLE'],
  ])('that says %s is told as such', async (code, status, reason) => {
    s3.fault = () => ({ status, code });
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({ reason, facts: { code } });
  });

  test('that is not there at all, or has no such bucket, is told at the start', async () => {
    await expect(open({ endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts: { code: 'ECONNREFUSED' } });
    await expect(open({ bucket: 'X' })).rejects.toMatchObject({ reason: 'CONFIG_INVALID' });
    s3.bucketExists = false;
    await expect(open()).rejects.toMatchObject({ reason: 'BLOB_BUCKET_MISSING', facts: { bucket: 'evidence' }, next: expect.stringContaining('create the bucket') });
    // A lost bucket is no lost blob.
    await expect(store.stat(sha256(large))).rejects.toMatchObject({ reason: 'BLOB_BUCKET_MISSING' });
  });
});

test('TLS with an authority of the operator: known, all goes through it; unknown, nothing does', async () => {
  const { certificate, key } = certificateFor('localhost');
  const secured = await FakeS3.start({ certificate, key });
  try {
    const trusting = await open({ endpoint: secured.endpoint, certificateAuthority: certificate });
    await trusting.put(inPieces(large));
    expect((await trusting.bytes(sha256(large))).equals(large)).toBe(true);
    await expect(open({ endpoint: secured.endpoint })).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  } finally {
    await secured.stop();
  }
});

test('the sweep takes away what nobody finished, and only that', async () => {
  s3.now = () => new Date('2020-01-01');
  const { url } = await store.openUpload(60_000);
  await fetch(url, { method: 'PUT', body: 'left' });
  s3.uploads.set('left', { key: keyOf(large), parts: new Map(), startedAt: s3.now() });
  s3.uploads.set('of another installation', { key: 'other/x', parts: new Map(), startedAt: s3.now() });
  await store.put(Buffer.from('kept'));
  s3.now = () => new Date();
  const { id, url: fresh } = await store.openUpload(60_000);
  await fetch(fresh, { method: 'PUT', body: 'fresh' });
  await expect(store.sweep()).resolves.toEqual({ uploads: 1, objects: 1 });
  await expect(store.sweep()).resolves.toEqual({ uploads: 0, objects: 0 });
  expect([...s3.uploads.keys()]).toEqual(['of another installation']);
  await expect(store.takeUpload(id)).resolves.toMatchObject({ sizeBytes: 5 });
  expect((await store.bytes(sha256(Buffer.from('kept')))).toString()).toBe('kept');
});

test('a sweep takes away no more than it may, and what is older than it is told', async () => {
  s3.now = () => new Date(Date.now() - 7 * 3_600_000);
  for (let n = 0; n < 3; n++) await fetch((await store.openUpload(60_000)).url, { method: 'PUT', body: 'left' });
  for (const id of ['a', 'b']) s3.uploads.set(id, { key: keyOf(large), parts: new Map(), startedAt: s3.now() });
  s3.now = () => new Date();
  const hours = (count: number) => count * 3_600_000;
  await expect(store.sweep(hours(8))).resolves.toEqual({ uploads: 0, objects: 0 });
  await expect(store.sweep(hours(6), 3)).resolves.toEqual({ uploads: 2, objects: 1 });
  await expect(store.sweep(hours(6), 3)).resolves.toEqual({ uploads: 0, objects: 2 });
});

test('a store is swept at once and then again and again, also after a sweep that failed', async () => {
  const reports: string[] = [];
  let sweeps = 0;
  const ages = new Set<number | undefined>();
  const failing = { sweep: (olderThanMs?: number) => (ages.add(olderThanMs), ++sweeps === 2 ? Promise.reject(new Error('away')) : Promise.resolve({ uploads: 0, objects: 1 })) };
  const stop = keepSwept(failing, { everyMs: 10, olderThanMs: 21_600_000, report: (_store, error) => reports.push(error === undefined ? 'swept' : 'failed') });
  while (reports.length < 4) await delay(5);
  stop();
  expect(reports.slice(0, 4)).toEqual(['swept', 'failed', 'swept', 'swept']);
  expect([...ages]).toEqual([21_600_000]);
  const count = sweeps;
  await delay(60);
  expect(sweeps).toBeLessThanOrEqual(count + 1);
});
