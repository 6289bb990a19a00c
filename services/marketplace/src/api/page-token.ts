import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { PackPosition } from '../application/ports.js';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** @param list what is listed for whom: a token of another list is refused */
export function encodePageToken({ createTime, id }: PackPosition, list: string): string {
  return Buffer.from(JSON.stringify([createTime.toISOString(), id, digestOf(list)])).toString('base64url');
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): PackPosition | undefined {
  if (token === '') return undefined;
  const [time, id, digest] = parsed(token);
  const createTime = new Date(typeof time === 'string' ? time : Number.NaN);
  const isOurs = !Number.isNaN(createTime.getTime()) && typeof id === 'string' && UUID.test(id) && digest === digestOf(list);
  if (!isOurs) throw new DomainError('PAGE_TOKEN_INVALID');
  return { createTime, id };
}

function parsed(token: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function digestOf(list: string): string {
  return createHash('sha256').update(list).digest('base64url').slice(0, 16);
}
