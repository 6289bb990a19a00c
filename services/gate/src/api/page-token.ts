import { timedPageTokens } from '@stella/platform-grpc';
import type { PagePlace } from '../application/repositories.js';

const tokens = timedPageTokens(/^[0-9a-f]{64}$/);

/** Where a page ended, bound to the list that it is of. */
export function encodePageToken(place: PagePlace | undefined, list: string): string {
  return tokens.encode(place && { createTime: place.time, id: place.id }, list);
}

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): PagePlace | undefined {
  const place = tokens.decode(token, list);
  return place && { time: place.createTime, id: place.id };
}
