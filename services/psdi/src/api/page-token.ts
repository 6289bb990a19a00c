import { hash } from 'node:crypto';
import { DomainError } from '@stella/errors';

export interface PagePlace {
  readonly artifactSha256: string;
  readonly position: number;
}

/** Before everything: no digest is below the empty text, no position below zero. */
const FIRST: PagePlace = { artifactSha256: '', position: -1 };
const TOKEN = /^([0-9a-f]{64})?\.(\d{1,10})\.([0-9a-f]{16})$/;

/** Where a page ended, bound to the list that it is of. */
export function encodePageToken({ artifactSha256, position }: PagePlace, list: string): string {
  return Buffer.from(`${artifactSha256}.${position}.${listHash(list)}`).toString('base64url');
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): PagePlace {
  if (token === '') return FIRST;
  const [, artifactSha256 = '', position, of] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  const place = { artifactSha256, position: Number(position) };
  if (position === undefined || of !== listHash(list) || place.position > 0x7fff_ffff) throw new DomainError('PAGE_TOKEN_INVALID');
  return place;
}

function listHash(list: string): string {
  return hash('sha256', list).slice(0, 16);
}
