import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@stella/errors';
import type { BlobLinks, OpenUpload } from './blob-links.js';
import { BLOB_SIZE_BYTES_MAX, type BlobInfo, type BlobStore, type PutOptions } from './blob-store.js';
import { collect } from './hashing.js';
import { LINK_TTL_MS_MAX } from './limits.js';

const HOST = '127.0.0.1';

interface Link {
  readonly expiresAtMs: number;
  readonly sha256?: string;
  readonly upload?: string;
}

/** The port's fake, in front of any store: links are served on loopback, what is sent to them is held in memory. */
export class LoopbackBlobLinks implements BlobLinks {
  readonly #links = new Map<string, Link>();
  readonly #received = new Map<string, Buffer>();

  private constructor(
    private readonly store: BlobStore,
    private readonly server: Server,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(store: BlobStore): Promise<LoopbackBlobLinks> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, HOST, resolve));
    return new LoopbackBlobLinks(store, server);
  }

  async readUrl(sha256: string, ttlMs: number): Promise<string> {
    if ((await this.store.stat(sha256)) === undefined) throw new DomainError('BLOB_NOT_FOUND', { sha256: sha256.slice(0, 64) });
    return this.#link(ttlMs, { sha256 });
  }

  async openUpload(ttlMs: number): Promise<OpenUpload> {
    const id = randomUUID();
    return { id, url: this.#link(ttlMs, { upload: id }), expiresAt: new Date(Date.now() + ttlMs) };
  }

  async takeUpload(id: string, options?: PutOptions): Promise<BlobInfo> {
    const bytes = this.#received.get(id);
    if (bytes === undefined) throw new DomainError('BLOB_UPLOAD_MISSING', { upload: id.slice(0, 64) });
    this.#received.delete(id);
    return this.store.put(bytes, options);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  #link(ttlMs: number, to: Omit<Link, 'expiresAtMs'>): string {
    if (ttlMs < 1_000 || ttlMs > LINK_TTL_MS_MAX) throw new DomainError('REQUEST_INVALID', { fields: 'ttl', ttlMs: String(ttlMs), ttlMsMax: String(LINK_TTL_MS_MAX) });
    const secret = randomBytes(16).toString('hex');
    this.#links.set(`/${secret}`, { ...to, expiresAtMs: Date.now() + ttlMs });
    return `http://${HOST}:${(this.server.address() as AddressInfo).port}/${secret}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const link = this.#links.get(request.url ?? '');
    if (link === undefined || Date.now() >= link.expiresAtMs) return void response.writeHead(403).end();
    if (request.method === 'PUT' && link.upload !== undefined) {
      this.#received.set(link.upload, await collect(request, BLOB_SIZE_BYTES_MAX));
      return void response.end();
    }
    if (request.method !== 'GET' || link.sha256 === undefined) return void response.writeHead(403).end();
    await pipeline(this.store.read(link.sha256), response);
  }
}
