import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isDomainError, type Reason } from '@stella/errors';
import type { BlobLinks } from './blob-links.js';
import type { BlobInventory, BlobStore } from './blob-store.js';

export interface StoreUnderTest {
  readonly store: BlobStore & BlobInventory;
  /** Alters one stored byte behind the store's back. */
  corrupt(sha256: string): Promise<void> | void;
}

/** The same store through both its ports. */
export interface LinksUnderTest {
  readonly store: BlobStore;
  readonly links: BlobLinks;
}

const LINK_TTL_MS = 60_000;

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
  'lists what it holds': async ({ store }) => {
    const names = [];
    for (const text of ['one', 'two', 'three']) names.push((await store.put(Buffer.from(text))).sha256);
    const gone = await store.put(Buffer.from('gone'));
    await store.delete(gone.sha256);
    const listed: string[] = [];
    for await (const name of store.list()) listed.push(name);
    assert.equal(new Set(listed).size, listed.length);
    assert.ok(names.every((name) => listed.includes(name)));
    assert.ok(!listed.includes(gone.sha256));
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
  'gives a blob of many megabytes back in pieces, announced or not': async ({ store }) => {
    const bytes = patterned(20 << 20);
    const announced = await store.put(pieces(bytes, 1_000_003), { expectedSha256: sha256(bytes) });
    assert.deepEqual(announced, { sha256: sha256(bytes), sizeBytes: bytes.byteLength });
    assert.deepEqual(await store.put(pieces(bytes, 333_333)), announced);
    let count = 0;
    for await (const chunk of store.read(announced.sha256)) count += chunk.byteLength > 0 ? 1 : 0;
    assert.ok(count > 1 || bytes.equals(await store.bytes(announced.sha256)));
    assert.ok((await readFile(await store.localPath(announced.sha256))).equals(bytes));
  },
  'keeps nothing of many megabytes that are not what was announced, or that break off': async ({ store }) => {
    const bytes = patterned((17 << 20) + 1);
    const other = sha256(Buffer.from('quite another'));
    await refusal('BLOB_DIGEST_MISMATCH', store.put(pieces(bytes, 1 << 20), { expectedSha256: other }));
    const broken = (async function* () {
      yield* pieces(bytes, 1 << 20);
      throw new Error('cut');
    })();
    await assert.rejects(store.put(broken), /cut/);
    for (const name of [other, sha256(bytes)]) assert.equal(await store.stat(name), undefined);
  },
  'stops reading for a reader who stops': async ({ store }) => {
    const { sha256: name } = await store.put(patterned(2 << 20));
    for await (const chunk of store.read(name)) {
      assert.ok(chunk.byteLength > 0);
      break;
    }
    assert.equal((await store.bytes(name)).byteLength, 2 << 20);
  },
  'puts the same blob from many sides at once': async ({ store }) => {
    const bytes = Buffer.alloc(200_000, 7);
    const infos = await Promise.all(Array.from({ length: 8 }, () => store.put(pieces(bytes, 10_000))));
    assert.equal(new Set(infos.map((info) => info.sha256)).size, 1);
    assert.ok((await store.bytes(sha256(bytes))).equals(bytes));
  },
};

/** What every BlobLinks must do: name → check. */
export const BLOB_LINKS_CONTRACT: Readonly<Record<string, (under: LinksUnderTest) => Promise<void>>> = {
  'lets a reader without credentials have one blob': async ({ store, links }) => {
    const { sha256: name } = await store.put(Buffer.from('for a sandbox'));
    const url = await links.readUrl(name, LINK_TTL_MS);
    assert.equal(await (await fetch(url)).text(), 'for a sandbox');
    assert.equal((await fetch(url, { method: 'PUT', body: 'other' })).status, 403);
    assert.equal((await store.bytes(name)).toString(), 'for a sandbox');
    await refusal('BLOB_NOT_FOUND', links.readUrl('0'.repeat(64), LINK_TTL_MS));
    await refusal('BLOB_NOT_FOUND', links.readUrl('../etc/passwd', LINK_TTL_MS));
  },
  'takes what was sent to a link, once': async ({ store, links }) => {
    const bytes = patterned(9 << 20);
    const { id, url, expiresAt } = await links.openUpload(LINK_TTL_MS);
    assert.ok(expiresAt.getTime() > Date.now());
    await refusal('BLOB_UPLOAD_MISSING', links.takeUpload(id));
    assert.equal((await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) })).status, 200);
    assert.equal(await store.stat(sha256(bytes)), undefined);
    assert.deepEqual(await links.takeUpload(id, { expectedSha256: sha256(bytes) }), { sha256: sha256(bytes), sizeBytes: bytes.byteLength });
    assert.ok((await store.bytes(sha256(bytes))).equals(bytes));
    await refusal('BLOB_UPLOAD_MISSING', links.takeUpload(id));
  },
  'changes no blob by a link that is written to again': async ({ store, links }) => {
    const { id, url } = await links.openUpload(LINK_TTL_MS);
    await fetch(url, { method: 'PUT', body: 'first' });
    const info = await links.takeUpload(id);
    await fetch(url, { method: 'PUT', body: 'second' });
    assert.equal((await store.bytes(info.sha256)).toString(), 'first');
  },
  'refuses what was sent where it is not what was announced, or too much, and keeps nothing': async ({ store, links }) => {
    for (const [options, reason] of [
      [{ expectedSha256: sha256(Buffer.from('announced')) }, 'BLOB_DIGEST_MISMATCH'],
      [{ sizeBytesMax: 3 }, 'BLOB_TOO_LARGE'],
    ] as const) {
      const { id, url } = await links.openUpload(LINK_TTL_MS);
      await fetch(url, { method: 'PUT', body: 'sent to a link' });
      await refusal(reason, links.takeUpload(id, options));
      await refusal('BLOB_UPLOAD_MISSING', links.takeUpload(id));
    }
    assert.equal(await store.stat(sha256(Buffer.from('sent to a link'))), undefined);
    await refusal('BLOB_UPLOAD_MISSING', links.takeUpload('../../etc/passwd'));
  },
  'gives no link without an end, and none works past it': async ({ store, links }) => {
    const { sha256: name } = await store.put(Buffer.from('soon closed'));
    for (const ttlMs of [0, 999, 8 * 24 * 3_600_000]) {
      await refusal('REQUEST_INVALID', links.readUrl(name, ttlMs));
      await refusal('REQUEST_INVALID', links.openUpload(ttlMs));
    }
    const url = await links.readUrl(name, 1_000);
    await delay(2_500);
    assert.equal((await fetch(url)).status, 403);
  },
};

/** No two pages of it are alike. */
function patterned(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'stella');
  for (let at = 0; at + 4 <= size; at += 4_096) bytes.writeUInt32LE(at, at);
  return bytes;
}

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
