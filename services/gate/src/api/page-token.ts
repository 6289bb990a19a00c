import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { PagePlace } from '../application/repositories.js';

const TOKEN = /^(\d{1,15})\.([0-9a-f]{64})\.([0-9a-f]{16})$/;

/** Where a page ended, bound to the list that it is of. */
export function encodePageToken(place: PagePlace | undefined, list: string): string {
  return place ? Buffer.from(`${place.time.getTime()}.${place.id}.${listHash(list)}`).toString('base64url') : '';
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): PagePlace | undefined {
  if (token === '') return undefined;
  const [, timeMs, id, hash] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (timeMs === undefined || id === undefined || hash !== listHash(list)) throw new DomainError('PAGE_TOKEN_INVALID');
  return { time: new Date(Number(timeMs)), id };
}

function listHash(list: string): string {
  return createHash('sha256').update(list).digest('hex').slice(0, 16);
}
