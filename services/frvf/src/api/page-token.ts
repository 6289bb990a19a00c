import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Position } from '../application/page.js';

const TOKEN = /^(\d{1,16})\.([A-Za-z0-9._-]{1,128})\.([0-9a-f]{16})$/;

/** Where a page ended, bound to the list that it is of. */
export function encodePageToken(position: Position | undefined, list: string): string {
  if (!position) return '';
  return Buffer.from(`${position.createTime.getTime()}.${position.id}.${listHash(list)}`).toString('base64url');
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): Position | undefined {
  if (token === '') return undefined;
  const [, timeMs, id, hash] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (timeMs === undefined || id === undefined || hash !== listHash(list)) throw new DomainError('PAGE_TOKEN_INVALID');
  return { createTime: new Date(Number(timeMs)), id };
}

function listHash(list: string): string {
  return createHash('sha256').update(list).digest('hex').slice(0, 16);
}
