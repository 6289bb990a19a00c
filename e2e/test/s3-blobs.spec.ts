import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOB_LINKS_CONTRACT, BLOB_STORE_CONTRACT, LocalBlobCache, S3BlobStore, type S3Config } from '@stella/platform-blobs';
import type { Client } from 'minio';
import { killServer, type S3Address, useServers } from '../servers/index.mjs';
import { clientOf, namesIn, newBucket, removeBucket } from './support/bucket.js';

const MIB = 1 << 20;
const PREFIX = 'acme/';
let address: S3Address;
let client: Client;
let bucket: string;
let folder: string;
let store: S3BlobStore;
beforeAll(async () => {
  ({ s3: address } = await useServers(['s3']));
  ({ name: bucket, client } = await newBucket(address));
  folder = await mkdtemp(join(tmpdir(), 'stella-s3-'));
  store = await open();
}, 1_800_000);
afterAll(async () => {
  await removeBucket(client, bucket);
  await rm(folder, { recursive: true, force: true });
});

async function open(changes: Partial<S3Config> = {}): Promise<S3BlobStore> {
  return S3BlobStore.open({ ...address, bucket, prefix: PREFIX, ...changes }, await LocalBlobCache.open(join(folder, 'cache')));
}
const keyOf = (name: string) => `${PREFIX}sha256/${name.slice(0, 2)}/${name}`;

describe('a bucket of a real server', () => {
  test.each(Object.entries(BLOB_STORE_CONTRACT))('%s', async (_name, check) => {
    const corrupt = async (name: string) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await client.getObject(bucket, keyOf(name))) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await client.putObject(bucket, keyOf(name), bytes);
    };
    await check({ store, corrupt });
    expect(await namesIn(client, bucket, `${PREFIX}incoming/`)).toEqual([]);
  });

  test.each(Object.entries(BLOB_LINKS_CONTRACT))('%s', (_name, check) => check({ store, links: store }));

  test('the same blob is written once, whoever else puts it at the same time', async () => {
    const bytes = Buffer.alloc(20 * MIB, 'once');
    const aside = await namesIn(client, bucket, `${PREFIX}incoming/`);
    const others = await Promise.all([open(), open(), open()]);
    const puts = [store, ...others].flatMap((one) => [one.put(bytes), one.put(bytes, { expectedSha256: sha256(bytes) })]);
    await Promise.all(puts);
    const before = await client.statObject(bucket, keyOf(sha256(bytes)));
    await store.put(bytes);
    expect((await client.statObject(bucket, keyOf(sha256(bytes)))).lastModified).toEqual(before.lastModified);
    expect(await namesIn(client, bucket, `${PREFIX}incoming/`)).toEqual(aside);
    expect((await store.bytes(sha256(bytes))).equals(bytes)).toBe(true);
  });

  test('a blob of 300 MiB passes through in little memory', async () => {
    const piece = Buffer.alloc(MIB, 'large');
    let most = 0;
    const watch = () => (most = Math.max(most, process.memoryUsage().rss));
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const source = (async function* () {
      for (let n = 0; n < 300; n++) {
        piece.writeUInt32LE(n);
        watch();
        yield Buffer.from(piece);
      }
    })();
    const { sha256: name, sizeBytes } = await store.put(source);
    expect(sizeBytes).toBe(300 * MIB);
    let read = 0;
    for await (const chunk of store.read(name)) {
      read += chunk.byteLength;
      watch();
    }
    expect(read).toBe(sizeBytes);
    expect(most - before).toBeLessThan(150 * MIB);
    await store.delete(name);
  });

  test('what a killed process left is swept', async () => {
    await store.sweep(0);
    const { url } = await store.openUpload(60_000);
    await fetch(url, { method: 'PUT', body: 'left' });
    await client.initiateNewMultipartUpload(bucket, keyOf('0'.repeat(64)), {});
    await client.initiateNewMultipartUpload(bucket, 'another/installation', {});
    expect(await store.sweep(3_600_000)).toEqual({ uploads: 0, objects: 0 });
    expect(await store.sweep(0)).toEqual({ uploads: 1, objects: 1 });
    expect(await namesIn(client, bucket, `${PREFIX}incoming/`)).toEqual([]);
  });
});

describe('a server in trouble', () => {
  test('wrong credentials and a missing bucket are told with the next step, and no bucket is made', async () => {
    await expect(open({ secretKey: 'wrong' })).rejects.toMatchObject({ reason: 'BLOB_STORE_DENIED', facts: { bucket, endpoint: address.endpoint } });
    await expect(open({ bucket: 'no-such-bucket' })).rejects.toMatchObject({ reason: 'BLOB_BUCKET_MISSING', facts: { bucket: 'no-such-bucket' } });
    expect(await client.bucketExists('no-such-bucket')).toBe(false);
  });

  test('one that is killed and comes back has everything that was acknowledged; a put meanwhile is told, and succeeds again after', async () => {
    const kept = await store.put(Buffer.alloc(12 * MIB, 'kept'));
    const later = Buffer.alloc(12 * MIB, 'later');
    await killServer('s3');
    await expect(store.put(later)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    await expect(store.stat(kept.sha256)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    await useServers(['s3']);
    expect((await store.bytes(kept.sha256)).equals(Buffer.alloc(12 * MIB, 'kept'))).toBe(true);
    await expect(store.put(later)).resolves.toMatchObject({ sizeBytes: later.length });
  }, 180_000);

  test('a reader under way when it is killed gets the rest where it comes back soon, and else is told', async () => {
    const bytes = Buffer.alloc(40 * MIB, 'read through');
    const { sha256: name } = await store.put(bytes);
    const reader = store.read(name)[Symbol.asyncIterator]();
    await reader.next();
    await killServer('s3');
    const [outcome, { s3 }] = await Promise.all([drain(reader).then(() => 'read', (error: { reason: string }) => error.reason), useServers(['s3'])]);
    expect(['read', 'UNAVAILABLE']).toContain(outcome);
    // With a connection still open the server may come back at another port.
    address = s3;
    client = clientOf(address);
    store = await open();
    expect((await store.bytes(name)).equals(bytes)).toBe(true);
  }, 180_000);
});

async function drain(reader: AsyncIterator<Uint8Array>): Promise<void> {
  while ((await reader.next()).done !== true) continue;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
