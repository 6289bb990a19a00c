import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { isDomainError } from '@stella/errors';
import type { Request, Response } from 'express';
import { type ServedFile, ServeBuild } from '../application/serve-build.js';
import { limits } from '../limits.js';
import { HotFiles } from './hot-files.js';

const BUILD_ID = /^(?:[0-9a-f]{2}){1,64}$/;

/**
 * debuginfod's web API (elfutils, debuginfod(8), "WEBAPI") for public packs. A client such as gdb sends no credentials.
 * `?explain=1` on what is missing tells as JSON why.
 */
@Controller('buildid')
export class DebuginfodController {
  constructor(
    private readonly serve: ServeBuild,
    private readonly hot: HotFiles,
  ) {}

  @Get(':buildId/debuginfo')
  debuginfo(@Param('buildId') buildId: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(this.hot, request, response, buildId, async (id) => this.serve.file(id, 'debuginfo'));
  }

  @Get(':buildId/executable')
  executable(@Param('buildId') buildId: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(this.hot, request, response, buildId, async (id) => this.serve.file(id, 'executable'));
  }

  @Get(':buildId/section/:section')
  section(@Param('buildId') buildId: string, @Param('section') section: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(this.hot, request, response, buildId, (id) => this.serve.section(id, section));
  }

  @Get(':buildId/source/*path')
  source(@Param('buildId') buildId: string, @Param('path') path: string | string[], @Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(this.hot, request, response, buildId, (id) => this.serve.source(id, Array.isArray(path) ? path.join('/') : path));
  }
}

async function answer(hot: HotFiles, request: Request, response: Response, rawId: string, find: (buildId: string) => Promise<ServedFile>): Promise<void> {
  const buildId = rawId.toLowerCase();
  if (!BUILD_ID.test(buildId)) return miss(request, response, 400, { reason: 'REQUEST_INVALID', message: 'a build id is an even number of hexadecimal digits', facts: {}, next: 'read it with `readelf -n`' });
  let file: ServedFile;
  try {
    file = await find(buildId);
  } catch (error) {
    if (!isDomainError(error, 'BUILD_ID_UNKNOWN') && !isDomainError(error, 'BUILD_FILE_UNKNOWN')) throw error;
    const { reason, message, facts, next } = error;
    return miss(request, response, 404, { reason, message, facts, next });
  }
  await send(hot, request, response, file);
}

/** The size is known before the first byte, so that a client can tell a slow download from none. */
async function send(hot: HotFiles, request: Request, response: Response, file: ServedFile): Promise<void> {
  response.set({
    'Content-Type': 'application/octet-stream',
    'X-DEBUGINFOD-SIZE': String(file.sizeBytes),
    'X-DEBUGINFOD-FILE': encodeURIComponent(file.fileName),
    ETag: `"${file.entityTag}"`,
    'Cache-Control': `public, max-age=${limits.hitCacheSeconds}`,
  });
  if (request.fresh) return void response.status(304).end();
  response.set('Content-Length', String(file.sizeBytes));
  if (request.method === 'HEAD') return void response.end();
  try {
    if (file.sizeBytes <= limits.sentAtOnceBytesMax) return void response.end(await hot.bytesOf(file));
    await pipeline(Readable.from(file.read(), { objectMode: false }), response);
  } catch (error) {
    // Bytes that do not prove right are never whole at the client's: fewer arrive than were announced.
    response.destroy();
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function miss(request: Request, response: Response, status: number, explanation: { reason: string; message: string; facts: object; next: string }): void {
  response.status(status).set('Cache-Control', `public, max-age=${limits.missCacheSeconds}`);
  if (request.query.explain === '1') return void response.json({ found: false, ...explanation });
  response.type('text/plain').send(`${explanation.message}\n`);
}
