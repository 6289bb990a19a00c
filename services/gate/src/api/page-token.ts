import { DomainError } from '@stella/errors';
import type { PagePlace } from '../application/ports.js';

const TOKEN = /^(\d{1,15})\.([0-9a-f]{64})$/;

export function encodePageToken(place: PagePlace | undefined): string {
  return place ? Buffer.from(`${place.issuedAt.getTime()}.${place.id}`).toString('base64url') : '';
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string): PagePlace | undefined {
  if (token === '') return undefined;
  const [, issuedAtMs, id] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (issuedAtMs === undefined || id === undefined) throw new DomainError('PAGE_TOKEN_INVALID');
  return { issuedAt: new Date(Number(issuedAtMs)), id };
}
