import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { BlobLinks, OpenUpload } from '../blob-links.js';
import { BLOB_IN_MEMORY_BYTES_MAX, BLOB_SIZE_BYTES_MAX, type BlobInfo, type BlobInventory, type BlobSource, type BlobStore, isSha256, type PutOptions } from '../blob-store.js';
import { collect, hashWhile, verified } from '../hashing.js';
import { ATTEMPTS_MAX, LINK_TTL_MS_MAX, PART_BYTES, STALE_MS, SWEPT_MAX } from '../limits.js';
import type { LocalBlobCache } from '../local-blob-cache.js';
import { PartWriter } from './part-writer.js';
import { type Part, retryPauseMs, S3Bucket, type S3Config, type S3Object } from './s3-bucket.js';
import { codeOf, isAbsent, isPreconditionFailed, isTransient } from './s3-errors.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** S3 copies at most 5 GiB at a time. */
const COPY_BYTES_MAX = 4 * 2 ** 30;
const WRITTEN_AGAIN = 'the upload was written to again while it was taken';

/** What the sweep took away. */
export interface Swept {
  readonly uploads: number;
  readonly objects: number;
}

/**
 * Blobs as objects `<prefix>sha256/<first two digits>/<digest>` of one bucket; several processes may share it. A blob
 * appears with the one request that completes it, if none is there; what has no known digest yet, or comes through a
 * link, lies under `<prefix>incoming/` until it has been verified.
 */
export class S3BlobStore implements BlobStore, BlobLinks, BlobInventory {
  private constructor(
    private readonly bucket: S3Bucket,
    private readonly prefix: string,
    private readonly cache: LocalBlobCache,
  ) {}

  /** @throws DomainError BLOB_BUCKET_MISSING, BLOB_STORE_DENIED, UNAVAILABLE */
  static async open(config: S3Config, cache: LocalBlobCache): Promise<S3BlobStore> {
    const bucket = new S3Bucket(config);
    await bucket.check();
    return new S3BlobStore(bucket, config.prefix ?? '', cache);
  }

  async put(source: BlobSource, options: PutOptions = {}): Promise<BlobInfo> {
    const { expectedSha256 } = options;
    const writer = new PartWriter(this.bucket, () => (expectedSha256 !== undefined && isSha256(expectedSha256) ? this.#key(expectedSha256) : this.#incoming(randomUUID())));
    try {
      const info = await hashWhile(source, options, (chunk) => writer.write(chunk));
      const written = await writer.finish();
      if ('whole' in written) await this.#commit(info, etagOf(written.whole), (onlyNew) => this.bucket.put(this.#key(info.sha256), written.whole, onlyNew));
      else if (written.multipart.key === this.#key(info.sha256)) await this.#commit(info, etagOf(written.parts), (onlyNew) => this.bucket.completeMultipart(written.multipart, written.parts, onlyNew), () => writer.abandon());
      else await this.#commitIncoming(info, written.multipart.key, () => this.bucket.completeMultipart(written.multipart, written.parts, false));
      return info;
    } catch (error) {
      // The sweep finds what cannot be taken away now.
      await writer.abandon().catch(() => undefined);
      throw error;
    }
  }

  read(sha256: string): AsyncIterable<Uint8Array> {
    return verified(sha256, this.#download(sha256));
  }

  bytes(sha256: string, sizeBytesMax: number = BLOB_IN_MEMORY_BYTES_MAX): Promise<Buffer> {
    return collect(this.read(sha256), sizeBytesMax);
  }

  async stat(sha256: string): Promise<BlobInfo | undefined> {
    if (!isSha256(sha256)) return undefined;
    const found = await this.bucket.head(this.#key(sha256));
    return found && { sha256, sizeBytes: found.sizeBytes };
  }

  async localPath(sha256: string): Promise<string> {
    const found = await this.stat(sha256);
    if (found === undefined) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    return this.cache.path(found, () => this.read(sha256));
  }

  async delete(sha256: string): Promise<boolean> {
    if ((await this.stat(sha256)) === undefined) return false;
    await this.bucket.remove(this.#key(sha256));
    await this.cache.forget(sha256);
    return true;
  }

  async *list(): AsyncGenerator<string> {
    const prefix = `${this.prefix}sha256/`;
    try {
      for await (const { key } of this.bucket.list(prefix)) {
        const name = key.slice(prefix.length + 3);
        if (isSha256(name) && key === this.#key(name)) yield name;
      }
    } catch (error) {
      throw this.bucket.translate(error);
    }
  }

  async readUrl(sha256: string, ttlMs: number): Promise<string> {
    if ((await this.stat(sha256)) === undefined) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    return this.bucket.link('GET', this.#key(sha256), seconds(ttlMs));
  }

  async openUpload(ttlMs: number): Promise<OpenUpload> {
    const id = randomUUID();
    const expiresAt = new Date(Date.now() + seconds(ttlMs) * 1_000);
    return { id, url: await this.bucket.link('PUT', this.#incoming(id), seconds(ttlMs)), expiresAt };
  }

  async takeUpload(id: string, options: PutOptions = {}): Promise<BlobInfo> {
    const key = UUID.test(id) ? this.#incoming(id) : undefined;
    const sent = key === undefined ? undefined : await this.bucket.head(key);
    if (key === undefined || sent === undefined) throw new DomainError('BLOB_UPLOAD_MISSING', { upload: id.slice(0, 64) });
    try {
      return await this.#take(key, sent, options);
    } catch (error) {
      throw isPreconditionFailed((error as Error).cause) ? new DomainError('BLOB_DIGEST_MISMATCH', { problem: WRITTEN_AGAIN }, { cause: error }) : error;
    } finally {
      await this.bucket.remove(key).catch(() => undefined);
    }
  }

  /** Takes away uploads that nobody finished, at most `max`; S3 keeps (and bills) them for ever. Safe beside running uploads, in every process. */
  async sweep(olderThanMs = STALE_MS, max = SWEPT_MAX): Promise<Swept> {
    const before = Date.now() - olderThanMs;
    let [uploads, objects] = [0, 0];
    for await (const { startedAt, ...multipart } of this.bucket.listMultiparts(this.prefix)) {
      if (uploads >= max) break;
      if (startedAt.getTime() >= before) continue;
      await this.bucket.abortMultipart(multipart);
      uploads++;
    }
    for await (const { key, modifiedAt } of this.bucket.list(this.#incoming(''))) {
      if (uploads + objects >= max) break;
      if (modifiedAt.getTime() >= before) continue;
      await this.bucket.remove(key);
      objects++;
    }
    return { uploads, objects };
  }

  async #take(key: string, sent: S3Object, options: PutOptions): Promise<BlobInfo> {
    const sizeBytesMax = options.sizeBytesMax ?? BLOB_SIZE_BYTES_MAX;
    if (sent.sizeBytes > sizeBytesMax) throw new DomainError('BLOB_TOO_LARGE', { sizeBytes: String(sent.sizeBytes), sizeBytesMax: String(sizeBytesMax) });
    // Of what is read to be verified, no other version may be taken: whoever has the link may still write.
    const bytes = this.#stream(key, sent.etag);
    if (sent.sizeBytes <= PART_BYTES) return this.put(bytes, options);
    const info = await hashWhile(bytes, options, () => undefined);
    await this.#place(info, { key, etag: sent.etag });
    return info;
  }

  /** Makes the blob by `write` if there is none; one that is there stays unless its bytes are others. */
  async #commit(info: BlobInfo, etag: string | undefined, write: (onlyNew: boolean) => Promise<boolean>, discard: () => Promise<void> = async () => undefined): Promise<void> {
    if (await write(true).catch(doneBefore)) return;
    if (await this.#isIntact(info, etag)) await discard();
    else await write(false);
  }

  async #isIntact({ sha256, sizeBytes }: BlobInfo, etag: string | undefined): Promise<boolean> {
    const found = await this.bucket.head(this.#key(sha256));
    if (found === undefined || found.sizeBytes !== sizeBytes) return false;
    if (found.etag === etag) return true;
    try {
      for await (const _chunk of this.read(sha256)) continue;
      return true;
    } catch (error) {
      if (error instanceof DomainError && (error.reason === 'BLOB_DIGEST_MISMATCH' || error.reason === 'BLOB_NOT_FOUND')) return false;
      throw error;
    }
  }

  async #commitIncoming(info: BlobInfo, key: string, complete: () => Promise<boolean>): Promise<void> {
    await complete().catch(doneBefore);
    try {
      const staged = await this.bucket.head(key);
      if (staged === undefined) throw new DomainError('UNAVAILABLE', { part: 'blob store', problem: 'what was uploaded is not there' });
      await this.#place(info, { key, etag: staged.etag });
    } finally {
      await this.bucket.remove(key).catch(() => undefined);
    }
  }

  /** The verified object under its final name, moved inside the store. */
  async #place(info: BlobInfo, source: { readonly key: string; readonly etag: string }): Promise<void> {
    const multipart = await this.bucket.createMultipart(this.#key(info.sha256));
    const discard = () => this.bucket.abortMultipart(multipart).catch(() => undefined);
    try {
      const parts: Part[] = [];
      for (let from = 0; from < info.sizeBytes; from += COPY_BYTES_MAX) {
        const part = await this.bucket.copyPart(multipart, parts.length + 1, { ...source, from, to: Math.min(from + COPY_BYTES_MAX, info.sizeBytes) });
        if (part === undefined) throw new DomainError('BLOB_DIGEST_MISMATCH', { expected: info.sha256, problem: WRITTEN_AGAIN });
        parts.push(part);
      }
      await this.#commit(info, etagOf(parts), (onlyNew) => this.bucket.completeMultipart(multipart, parts, onlyNew), discard);
    } catch (error) {
      await discard();
      throw error;
    }
  }

  async *#download(sha256: string): AsyncGenerator<Uint8Array> {
    if (!isSha256(sha256)) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    try {
      yield* this.#stream(this.#key(sha256));
    } catch (error) {
      if (isAbsent((error as Error).cause ?? error)) throw new DomainError('BLOB_NOT_FOUND', { sha256 }, { cause: error });
      throw error;
    }
  }

  /** Goes on where a connection broke off; attempts count while nothing comes. */
  async *#stream(key: string, etag?: string): AsyncGenerator<Uint8Array> {
    for (let [at, failures] = [0, 0]; ; ) {
      try {
        for await (const chunk of (await this.bucket.get(key, at, etag)) as AsyncIterable<Buffer>) {
          at += chunk.byteLength;
          failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!isTransient(error) || ++failures >= ATTEMPTS_MAX) throw this.bucket.translate(error);
        await delay(retryPauseMs(failures));
      }
    }
  }

  #key(sha256: string): string {
    return `${this.prefix}sha256/${sha256.slice(0, 2)}/${sha256}`;
  }

  #incoming(id: string): string {
    return `${this.prefix}incoming/${id}`;
  }
}

function seconds(ttlMs: number): number {
  if (ttlMs < 1_000 || ttlMs > LINK_TTL_MS_MAX) throw new DomainError('REQUEST_INVALID', { fields: 'ttl', ttlMs: String(ttlMs), ttlMsMax: String(LINK_TTL_MS_MAX) });
  return Math.floor(ttlMs / 1_000);
}

/** The answer to a completion was lost, and the repeated one finds it done: what is there now is looked at. */
function doneBefore(error: unknown): false {
  if (codeOf((error as Error).cause) === 'NoSuchUpload') return false;
  throw error;
}

/** As S3 forms it where nothing is encrypted with a customer's key: MD5 of the bytes, or of the parts' MD5s and their number. */
function etagOf(written: Buffer | readonly Part[]): string {
  if (Buffer.isBuffer(written)) return createHash('md5').update(written).digest('hex');
  const hash = createHash('md5');
  for (const { etag } of written) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${written.length}`;
}
