import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What one request is answered with instead: a status and an S3 code, or a connection that is cut or falls silent. */
export type Fault =
  | { readonly status: number; readonly code: string }
  | { readonly cutAfterBytes: number }
  | { readonly silent: true }
  /** The work is done, the answer never arrives. */
  | { readonly loseAnswer: true };

export interface S3Request {
  readonly operation: string;
  readonly key: string;
}

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedAt: Date;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
  readonly startedAt: Date;
}

/** As much of S3's REST API, in memory, as the store uses, on loopback; signatures are not looked at. */
export class FakeS3 {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  readonly requests: S3Request[] = [];
  /** Asked before each request; an answer takes the place of the work. */
  fault: (request: S3Request) => Fault | undefined = () => undefined;
  bucketExists = true;
  now = () => new Date();

  private constructor(
    private readonly server: Server,
    private readonly scheme: 'http' | 'https',
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response).catch(() => response.destroy()));
  }

  static async start(tls?: { readonly certificate: string; readonly key: string }): Promise<FakeS3> {
    const server = tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeS3(server, tls === undefined ? 'http' : 'https');
  }

  get endpoint(): string {
    return `${this.scheme}://${this.scheme === 'https' ? 'localhost' : '127.0.0.1'}:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Fails the first `times` requests of an operation. */
  failFirst(operation: string, times: number, fault: Fault): void {
    let left = times;
    this.fault = (request) => (request.operation === operation && left-- > 0 ? fault : undefined);
  }

  store(key: string, bytes: Buffer, etag = md5(bytes)): void {
    this.objects.set(key, { bytes, etag, modifiedAt: this.now() });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const operation = operationOf(request, url, key);
    const body = await read(request);
    this.requests.push({ operation, key });
    const fault = this.fault({ operation, key });
    if (fault !== undefined && 'silent' in fault) return;
    if (fault !== undefined && 'status' in fault) return refuse(response, fault.status, fault.code);
    if (fault !== undefined && 'cutAfterBytes' in fault) {
      const { bytes } = this.objects.get(key) as Stored;
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from });
      return void response.write(bytes.subarray(from, from + fault.cutAfterBytes), () => setTimeout(() => response.destroy(), 5));
    }
    if (!this.bucketExists) return refuse(response, 404, 'NoSuchBucket');
    if (fault !== undefined) {
      this.#answer(operation, key, url, request, body, silenced(response));
      return void response.destroy();
    }
    this.#answer(operation, key, url, request, body, response);
  }

  #answer(operation: string, key: string, url: URL, { headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const found = this.objects.get(key);
    const isTaken = headers['if-none-match'] === '*' && found !== undefined;
    const upload = this.uploads.get(url.searchParams.get('uploadId') ?? '');
    switch (operation) {
      case 'HeadBucket':
        return void response.end();
      case 'HeadObject':
        return found ? void response.writeHead(200, { etag: `"${found.etag}"`, 'content-length': found.bytes.length }).end() : void response.writeHead(404).end();
      case 'GetObject': {
        if (!found) return refuse(response, 404, 'NoSuchKey');
        if (headers['if-match'] !== undefined && headers['if-match'] !== `"${found.etag}"`) return refuse(response, 412, 'PreconditionFailed');
        const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
        return void response.writeHead(from > 0 ? 206 : 200, { etag: `"${found.etag}"`, 'content-length': found.bytes.length - from }).end(found.bytes.subarray(from));
      }
      case 'PutObject':
        if (isTaken) return refuse(response, 412, 'PreconditionFailed');
        if (headers['if-match'] !== undefined && !found) return refuse(response, 404, 'NoSuchKey');
        if (headers['if-match'] !== undefined && headers['if-match'] !== `"${found?.etag}"`) return refuse(response, 412, 'PreconditionFailed');
        this.store(key, body);
        return void response.writeHead(200, { etag: `"${md5(body)}"` }).end();
      case 'DeleteObject':
        this.objects.delete(key);
        return void response.writeHead(204).end();
      case 'CreateMultipartUpload': {
        const id = randomUUID();
        this.uploads.set(id, { key, parts: new Map(), startedAt: this.now() });
        return xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
      }
      case 'UploadPart':
      case 'UploadPartCopy': {
        if (!upload) return refuse(response, 404, 'NoSuchUpload');
        const source = this.objects.get(decodeURIComponent(String(headers['x-amz-copy-source'] ?? '')).split('/').slice(2).join('/'));
        if (operation === 'UploadPartCopy' && headers['x-amz-copy-source-if-match'] !== `"${source?.etag}"`) return refuse(response, 412, 'PreconditionFailed');
        const [, from = 0, last = 0] = (/bytes=(\d+)-(\d+)/.exec(String(headers['x-amz-copy-source-range'] ?? '')) ?? []).map(Number);
        const bytes = source ? source.bytes.subarray(from, last + 1) : body;
        upload.parts.set(Number(url.searchParams.get('partNumber')), bytes);
        response.setHeader('etag', `"${md5(bytes)}"`);
        return source ? xml(response, `<CopyPartResult><ETag>"${md5(bytes)}"</ETag></CopyPartResult>`) : void response.end();
      }
      case 'CompleteMultipartUpload': {
        if (!upload) return refuse(response, 404, 'NoSuchUpload');
        if (isTaken) return refuse(response, 412, 'PreconditionFailed');
        const parts = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => upload.parts.get(Number(number)) as Buffer);
        this.store(key, Buffer.concat(parts), `${md5(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))))}-${parts.length}`);
        this.uploads.delete(url.searchParams.get('uploadId') ?? '');
        return xml(response, '<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>');
      }
      case 'AbortMultipartUpload':
        this.uploads.delete(url.searchParams.get('uploadId') ?? '');
        return void response.writeHead(204).end();
      case 'ListMultipartUploads': {
        const uploads = [...this.uploads].map(([id, { key: name, startedAt }]) => `<Upload><Key>${name}</Key><UploadId>${id}</UploadId><Initiated>${startedAt.toISOString()}</Initiated></Upload>`);
        return xml(response, `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`);
      }
      case 'ListObjectsV2': {
        const prefix = url.searchParams.get('prefix') ?? '';
        const listed = [...this.objects].filter(([name]) => name.startsWith(prefix));
        const contents = listed.map(([name, { bytes, modifiedAt, etag }]) => `<Contents><Key>${name}</Key><LastModified>${modifiedAt.toISOString()}</LastModified><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Contents>`);
        return xml(response, `<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
      }
      default:
        return refuse(response, 501, 'NotImplemented');
    }
  }
}

function operationOf({ method = '', headers }: IncomingMessage, url: URL, key: string): string {
  const has = (name: string) => url.searchParams.has(name);
  if (key === '') return method === 'HEAD' ? 'HeadBucket' : has('uploads') ? 'ListMultipartUploads' : has('list-type') ? 'ListObjectsV2' : method;
  if (method === 'POST') return has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
  if (method === 'PUT' && has('partNumber')) return headers['x-amz-copy-source'] === undefined ? 'UploadPart' : 'UploadPartCopy';
  if (method === 'DELETE' && has('uploadId')) return 'AbortMultipartUpload';
  return { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method] ?? method;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function silenced(response: ServerResponse): ServerResponse {
  return Object.assign(Object.create(response) as ServerResponse, { end: () => response, writeHead: () => silenced(response), setHeader: () => response });
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code><Message>m</Message></Error>`);
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);
}

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
