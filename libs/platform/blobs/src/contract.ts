import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDomainError, type Reason } from '@stella/errors';
import type { BlobStore } from './blob-store.js';

export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Alters one stored byte behind the store's back. */
  corrupt(sha256: string): Promise<void> | void;
}

/** What every BlobStore must do: name → check. Each adapter's test runs all of them. */
export const BLOB_STORE_CONTRACT: Readonly<Record<string, (under: StoreUnderTest) => Promise<void>>> = {
  'gives back what was put, by its digest': async ({ store }) => {
    const bytes = Buffer.alloc(3 << 20, 'stella');
    const info = await store.put(pieces(bytes, 65_537));
    assert.deepEqual(info, { sha256: sha256(bytes), sizeBytes: bytes.byteLength });
    assert.ok((await store.bytes(info.sha256)).equals(bytes));
    assert.ok((await readFile(await store.localPath(info.sha256))).equals(bytes));
    assert.deepEqual(await store.stat(info.sha256), info);
  },
  'takes the empty blob, and the same blob twice': async ({ store }) => {
    const first = await store.put(Buffer.alloc(0));
    assert.deepEqual(await store.put(Buffer.alloc(0)), first);
    assert.equal((await store.bytes(first.sha256)).byteLength, 0);
  },
  'refuses other bytes than were announced, and keeps nothing of them': async ({ store }) => {
    const announced = sha256(Buffer.from('announced'));
    await refusal('BLOB_DIGEST_MISMATCH', store.put(Buffer.from('other'), { expectedSha256: announced }));
    assert.equal(await store.stat(announced), undefined);
    assert.equal(await store.stat(sha256(Buffer.from('other'))), undefined);
  },
  'refuses more bytes than allowed, and stops reading them': async ({ store }) => {
    let read = 0;
    const endless = (async function* () {
      for (;;) {
        read++;
        yield Buffer.alloc(1024);
      }
    })();
    await refusal('BLOB_TOO_LARGE', store.put(endless, { sizeBytesMax: 10_000 }));
    assert.ok(read <= 11);
  },
  'keeps nothing of a source that breaks off': async ({ store }) => {
    const broken = (async function* () {
      yield Buffer.from('half');
      throw new Error('cut');
    })();
    await assert.rejects(store.put(broken), /cut/);
    assert.equal(await store.stat(sha256(Buffer.from('half'))), undefined);
  },
  'says what it does not have, and takes nothing but digests as names': async ({ store }) => {
    for (const name of ['0'.repeat(64), '../../etc/passwd', '']) {
      await refusal('BLOB_NOT_FOUND', store.bytes(name));
      await refusal('BLOB_NOT_FOUND', store.localPath(name));
      assert.equal(await store.stat(name), undefined);
      assert.equal(await store.delete(name), false);
    }
  },
  'notices bytes that changed': async ({ store, corrupt }) => {
    const { sha256: name } = await store.put(Buffer.from('precious'));
    await corrupt(name);
    await refusal('BLOB_DIGEST_MISMATCH', store.bytes(name));
    await refusal('BLOB_DIGEST_MISMATCH', store.localPath(name));
  },
  'heals a changed blob when the right bytes are put again': async ({ store, corrupt }) => {
    const { sha256: name } = await store.put(Buffer.from('healed'));
    await corrupt(name);
    await store.put(Buffer.from('healed'));
    assert.equal((await store.bytes(name)).toString(), 'healed');
  },
  'deletes': async ({ store }) => {
    const { sha256: name } = await store.put(Buffer.from('short-lived'));
    assert.equal(await store.delete(name), true);
    assert.equal(await store.stat(name), undefined);
  },
  'puts the same blob from many sides at once': async ({ store }) => {
    const bytes = Buffer.alloc(200_000, 7);
    const infos = await Promise.all(Array.from({ length: 8 }, () => store.put(pieces(bytes, 10_000))));
    assert.equal(new Set(infos.map((info) => info.sha256)).size, 1);
    assert.ok((await store.bytes(sha256(bytes))).equals(bytes));
  },
};

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function refusal(reason: Reason, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isDomainError(error, reason));
}
