import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { DomainError } from '@stella/errors';
import { SHA256_HEX } from '@stella/attestation';
import { CHECKPOINT_PATH, parseTilePath } from '@stella/transparency-log';
import type { Request, Response } from 'express';
import { AddCheckpoint } from '../application/add-checkpoint.js';
import { LogView } from '../application/log-view.js';
import type { OwnNode } from '../application/ports.js';
import { ServePayload } from '../application/serve-payload.js';
import { TakeCosignature } from '../application/take-cosignature.js';
import { originSlug } from '../domain/origin.js';
import { limits } from '../limits.js';
import { OWN_NODE } from './federation.controller.js';

const TEXT = 'text/plain; charset=utf-8';

/** The log in the layout of C2SP tlog-tiles, and what peers need beside it. Tiles are public and never change. */
@Controller('log')
export class LogController {
  readonly #prefix: string;

  constructor(
    @Inject(OWN_NODE) private readonly own: OwnNode,
    private readonly log: LogView,
    private readonly payloads: ServePayload,
    private readonly cosignatures: TakeCosignature,
    private readonly witness: AddCheckpoint,
  ) {
    this.#prefix = `/log/${originSlug(own.origin)}/`;
  }

  /** C2SP tlog-witness. */
  @Post('add-checkpoint')
  async addCheckpoint(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { status, contentType, body } = await this.witness.execute(await bodyOf(request, limits.addCheckpointBytesMax));
    response.status(status).type(contentType ?? TEXT).send(body);
  }

  /** A peer brings a checkpoint of ours with its cosignature; the note proves itself. */
  @Post(':slug/cosignature')
  @HttpCode(200)
  async cosignature(@Req() request: Request): Promise<{ cosignatures: number }> {
    this.#pathOf(request);
    return { cosignatures: await this.cosignatures.execute(this.own.origin, await bodyOf(request, limits.checkpointBytesMax)) };
  }

  @Get(':slug/*path')
  async resource(@Req() request: Request, @Res() response: Response): Promise<void> {
    const path = this.#pathOf(request);
    if (path === CHECKPOINT_PATH) {
      const { note } = await this.log.latest();
      response.set('cache-control', 'no-cache').type(TEXT).send(Buffer.from(note));
    } else if (path.startsWith('payload/')) {
      await this.#payload(path.slice('payload/'.length), request, response);
    } else {
      await this.#tile(path, response);
    }
  }

  async #payload(payloadDigest: string, request: Request, response: Response): Promise<void> {
    if (!SHA256_HEX.test(payloadDigest)) throw new DomainError('ENTRY_NOT_FOUND', { payload: payloadDigest.slice(0, 64) });
    const envelope = await this.payloads.toPeer(request.headers.authorization, payloadDigest);
    response.set('cache-control', 'no-store').type('application/json').send(Buffer.from(envelope));
  }

  async #tile(path: string, response: Response): Promise<void> {
    const bytes = parseTilePath(path) ? await this.log.resource(path) : undefined;
    if (!bytes) {
      response.status(404).set('cache-control', 'no-store').type(TEXT).send('no such tile\n');
      return;
    }
    response.set('cache-control', 'public, max-age=31536000, immutable').type('application/octet-stream').send(Buffer.from(bytes));
  }

  /** As it was sent: what a router decodes or folds would be another path. @throws DomainError `ENTRY_NOT_FOUND` for another log */
  #pathOf(request: Request): string {
    const [path = ''] = request.originalUrl.split('?', 1);
    if (!path.startsWith(this.#prefix)) throw new DomainError('ENTRY_NOT_FOUND', { path: path.slice(0, 200) });
    return path.slice(this.#prefix.length);
  }
}

/** @throws DomainError `REQUEST_INVALID` */
async function bodyOf(request: Request, sizeBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeBytesMax) throw new DomainError('REQUEST_INVALID', { fields: 'body', sizeBytesMax: String(sizeBytesMax) });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
