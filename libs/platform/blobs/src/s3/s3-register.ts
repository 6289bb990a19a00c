import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import { ATTEMPTS_MAX } from '../limits.js';
import { retryPauseMs, S3Bucket, type S3Config } from './s3-bucket.js';
import { isAbsent, isTransient } from './s3-errors.js';

/** What stands there, and the tag of this very state. */
export interface Registered {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** One small object that changes only from a state that was seen: of two who change it at once, one is told so. */
export class S3Register {
  readonly #bucket: S3Bucket;
  readonly #key: string;

  /** @param name beside the blobs, below the prefix of the installation */
  constructor(
    config: S3Config,
    name: string,
    private readonly sizeBytesMax: number,
  ) {
    this.#bucket = new S3Bucket(config);
    this.#key = `${config.prefix ?? ''}${name}`;
  }

  /** @throws DomainError BLOB_BUCKET_MISSING, BLOB_STORE_DENIED, UNAVAILABLE */
  async read(): Promise<Registered | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce();
      } catch (error) {
        if (isAbsent(error)) return undefined;
        if (!isTransient(error) || attempt === ATTEMPTS_MAX) throw this.#bucket.translate(error);
        await delay(retryPauseMs(attempt));
      }
    }
  }

  /**
   * @param seen the state that it follows; undefined: there was none
   * @returns false when it is in another state by now; so also where this very change was made and its answer was lost
   */
  replace(bytes: Buffer, seen: Registered | undefined): Promise<boolean> {
    return seen ? this.#bucket.replace(this.#key, bytes, seen.etag) : this.#bucket.put(this.#key, bytes, true);
  }

  async #readOnce(): Promise<Registered> {
    const answer = await this.#bucket.get(this.#key, 0);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of answer) {
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > this.sizeBytesMax) throw new DomainError('BLOB_TOO_LARGE', { key: this.#key, sizeBytesMax: String(this.sizeBytesMax) });
      chunks.push(chunk as Buffer);
    }
    return { bytes: Buffer.concat(chunks), etag: String(answer.headers.etag).replaceAll('"', '') };
  }
}
