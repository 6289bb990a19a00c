import { createHash } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import { annotate, span } from '@stella/platform-telemetry';
import { Client, type ClientOptions } from 'minio';
import { ANSWER_TIMEOUT_MS, ATTEMPTS_MAX, CONNECTIONS_MAX, IDLE_TIMEOUT_MS, RETRY_PAUSE_MS, RETRY_PAUSE_MS_MAX } from '../limits.js';
import { isAbsent, isPreconditionFailed, isTransient, translateS3 } from './s3-errors.js';
import { s3Transport, type Timeouts } from './s3-transport.js';

export interface S3Config {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Default `us-east-1`, which MinIO says of itself. */
  readonly region?: string;
  /** Begins the names of all objects of this installation, e.g. `stella/`. */
  readonly prefix?: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  /** PEM of who signed the endpoint's certificate, where that is no public authority. */
  readonly certificateAuthority?: string;
  /** `bucket.host/key` instead of `host/bucket/key`. */
  readonly virtualHosts?: boolean;
  /** Where holders of links reach the store, if not at `endpoint`. */
  readonly publicEndpoint?: string;
  readonly timeouts?: Partial<Timeouts>;
}

export interface S3Object {
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
}

export interface Part {
  readonly part: number;
  readonly etag: string;
}

/** An upload in parts under way. */
export interface Multipart {
  readonly key: string;
  readonly id: string;
}

const ONLY_NEW = { 'if-none-match': '*' };

/** The requests that the store is made of. Each is a span, has an end, and is tried again with jitter: all are safe to repeat. */
export class S3Bucket {
  readonly #client: Client;
  readonly #links: Client;

  constructor(private readonly config: S3Config) {
    this.#client = clientOf(config, config.endpoint);
    this.#links = config.publicEndpoint === undefined ? this.#client : clientOf(config, config.publicEndpoint);
  }

  /** @throws DomainError BLOB_BUCKET_MISSING, BLOB_STORE_DENIED, UNAVAILABLE */
  async check(): Promise<void> {
    const { bucket, endpoint } = this.config;
    const exists = await this.#do('HeadBucket', '', () => this.#client.bucketExists(bucket));
    if (!exists) throw new DomainError('BLOB_BUCKET_MISSING', { bucket, endpoint });
  }

  async head(key: string): Promise<S3Object | undefined> {
    const found = await this.#do('HeadObject', key, async () => {
      const { headers } = await this.#client.makeRequestAsyncOmit({ method: 'HEAD', bucketName: this.config.bucket, objectName: key }).catch(absent);
      return headers && { sizeBytes: Number(headers['content-length']), etag: unquoted(headers.etag) };
    });
    // To a HEAD a missing bucket and a missing object look alike.
    if (found === undefined) await this.check();
    return found;
  }

  /** From `offset` on; of another version than `etag` it fails. */
  get(key: string, offset: number, etag?: string): Promise<IncomingMessage> {
    const headers = { ...(offset > 0 ? { range: `bytes=${offset}-` } : {}), ...(etag === undefined ? {} : { 'if-match': `"${etag}"` }) };
    return this.#do('GetObject', key, () => this.#client.makeRequestAsync({ method: 'GET', bucketName: this.config.bucket, objectName: key, headers }, '', [offset > 0 ? 206 : 200]), 1);
  }

  /** False: there is an object of this name, and `onlyNew` was asked for. */
  put(key: string, bytes: Buffer, onlyNew: boolean): Promise<boolean> {
    return this.#do('PutObject', key, () => made(this.#client.putObject(this.config.bucket, key, bytes, bytes.length, onlyNew ? ONLY_NEW : {})));
  }

  /** False: the object is no longer of `etag`. */
  replace(key: string, bytes: Buffer, etag: string): Promise<boolean> {
    return this.#do('PutObject', key, async () => {
      const put = this.#client.putObject(this.config.bucket, key, bytes, bytes.length, { 'if-match': `"${etag}"` });
      return made(put).catch((error: unknown) => {
        // It was taken away meanwhile.
        if (isAbsent(error)) return false;
        throw error;
      });
    });
  }

  remove(key: string): Promise<void> {
    return this.#do('DeleteObject', key, () => this.#client.removeObject(this.config.bucket, key));
  }

  createMultipart(key: string): Promise<Multipart> {
    return this.#do('CreateMultipartUpload', key, async () => ({ key, id: await this.#client.initiateNewMultipartUpload(this.config.bucket, key, {}) }));
  }

  putPart({ key, id }: Multipart, part: number, bytes: Buffer): Promise<Part> {
    const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') };
    const request = { method: 'PUT', bucketName: this.config.bucket, objectName: key, query: `partNumber=${part}&uploadId=${encodeURIComponent(id)}`, headers };
    return this.#do('UploadPart', key, async () => ({ part, etag: unquoted((await this.#client.makeRequestAsyncOmit(request, bytes)).headers.etag) }));
  }

  /** Bytes `[from, to)` of another object, moved inside the store; undefined: that object is no longer of `etag`. */
  copyPart({ key, id }: Multipart, part: number, source: { readonly key: string; readonly etag: string; readonly from: number; readonly to: number }): Promise<Part | undefined> {
    const headers = {
      'x-amz-copy-source': encodeURI(`/${this.config.bucket}/${source.key}`),
      'x-amz-copy-source-if-match': `"${source.etag}"`,
      'x-amz-copy-source-range': `bytes=${source.from}-${source.to - 1}`,
    };
    return this.#do('UploadPartCopy', key, async () => {
      const copied = await this.#client.uploadPart({ bucketName: this.config.bucket, objectName: key, uploadID: encodeURIComponent(id), partNumber: part, headers }).catch((error: unknown) => {
        if (isPreconditionFailed(error)) return undefined;
        throw error;
      });
      return copied && { part, etag: String(copied.etag) };
    });
  }

  /** False: there is an object of this name, and `onlyNew` was asked for; the upload is still open. */
  completeMultipart({ key, id }: Multipart, parts: readonly Part[], onlyNew: boolean): Promise<boolean> {
    const list = parts.map(({ part, etag }) => `<Part><PartNumber>${part}</PartNumber><ETag>"${etag}"</ETag></Part>`).join('');
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`;
    const request = { method: 'POST', bucketName: this.config.bucket, objectName: key, query: `uploadId=${encodeURIComponent(id)}`, headers: onlyNew ? ONLY_NEW : {} };
    return this.#do('CompleteMultipartUpload', key, async () => {
      const answer = await made(this.#client.makeRequestAsync(request, body).then(textOf));
      return answer;
    });
  }

  abortMultipart({ key, id }: Multipart): Promise<void> {
    return this.#do('AbortMultipartUpload', key, () => this.#client.abortMultipartUpload(this.config.bucket, key, encodeURIComponent(id)));
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string; readonly modifiedAt: Date }> {
    for await (const item of this.#client.listObjectsV2(this.config.bucket, prefix, true)) {
      const { name, lastModified } = item as { name?: string; lastModified?: Date };
      if (name !== undefined && lastModified !== undefined) yield { key: name, modifiedAt: lastModified };
    }
  }

  /** MinIO takes a prefix for the whole name of an object, so that all uploads of the bucket are looked at. */
  async *listMultiparts(prefix: string): AsyncGenerator<Multipart & { readonly startedAt: Date }> {
    for (let at = { key: '', id: '' }; ; ) {
      const page = await this.#do('ListMultipartUploads', prefix, () => this.#client.listIncompleteUploadsQuery(this.config.bucket, '', at.key, at.id, ''));
      for (const { key, uploadId, initiated } of page.uploads) if (key.startsWith(prefix)) yield { key, id: uploadId, startedAt: new Date(initiated) };
      if (!page.isTruncated) return;
      at = { key: page.nextKeyMarker, id: page.nextUploadIdMarker };
    }
  }

  link(method: 'GET' | 'PUT', key: string, ttlS: number): Promise<string> {
    return this.#links.presignedUrl(method, this.config.bucket, key, ttlS);
  }

  /** In words of the catalogue, as `#do` does with what it throws. */
  translate(error: unknown): unknown {
    return translateS3(error, this.config.bucket, this.config.endpoint);
  }

  async #do<T>(operation: string, key: string, work: () => Promise<T>, attemptsMax = ATTEMPTS_MAX): Promise<T> {
    const attributes = { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'rpc.method': operation, 'aws.s3.bucket': this.config.bucket, ...(key === '' ? {} : { 'aws.s3.key': key }) };
    const attempts = async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await work();
        } catch (error) {
          if (!isTransient(error) || attempt >= attemptsMax) throw attemptsMax === 1 ? error : this.translate(error);
          annotate({ 'aws.s3.attempts': attempt + 1 });
          await delay(retryPauseMs(attempt));
        }
      }
    };
    return span(`S3.${operation}`, attributes, attempts, { kind: 'client' });
  }
}

/** Doubles; between half and all of it, so that many who failed at once do not come back at once. */
export function retryPauseMs(attempt: number): number {
  return Math.min(RETRY_PAUSE_MS * 2 ** (attempt - 1), RETRY_PAUSE_MS_MAX) * (0.5 + Math.random() / 2);
}

function clientOf(config: S3Config, endpoint: string): Client {
  const url = new URL(endpoint);
  const isTls = url.protocol === 'https:';
  const agent = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
  const timeouts = { idleMs: IDLE_TIMEOUT_MS, answerMs: ANSWER_TIMEOUT_MS, ...config.timeouts };
  const options: ClientOptions = {
    endPoint: url.hostname,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    useSSL: isTls,
    region: config.region ?? 'us-east-1',
    accessKey: config.accessKey,
    secretKey: config.secretKey,
    ...(config.sessionToken === undefined ? {} : { sessionToken: config.sessionToken }),
    pathStyle: config.virtualHosts !== true,
    transport: s3Transport(isTls, timeouts),
    transportAgent: isTls ? new https.Agent({ ...agent, ...(config.certificateAuthority === undefined ? {} : { ca: config.certificateAuthority }) }) : new http.Agent(agent),
    retryOptions: { disableRetry: true },
  };
  try {
    return new Client(options);
  } catch (error) {
    throw translateS3(error, config.bucket, endpoint);
  }
}

async function made(request: Promise<unknown>): Promise<boolean> {
  try {
    const answer = await request;
    // A completion may fail after its head was sent: the error is then the body of a 200.
    const code = typeof answer === 'string' ? /<Error>[\s\S]*<Code>([^<]*)<\/Code>/.exec(answer)?.[1] : undefined;
    if (code !== undefined) throw Object.assign(new Error(`S3 answered ${code}`), { code });
    return true;
  } catch (error) {
    if (isPreconditionFailed(error)) return false;
    throw error;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return text;
}

function absent(error: unknown): { headers?: undefined } {
  if (!isAbsent(error)) throw error;
  return {};
}

function unquoted(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '');
}
