import { hash } from 'node:crypto';
import { DomainError } from '@stella/errors';

/** Where the pages of one kind of list end, as callers carry it; each token is bound to its list, and leads nowhere else. */
export interface PageTokens<Place> {
  /** Empty: there is no further page. @param list what is listed, for whom and by which filter */
  encode(place: Place | undefined, list: string): string;
  /** Undefined: from the first page. @throws DomainError PAGE_TOKEN_INVALID */
  decode(token: string, list: string): Place | undefined;
}

const SEPARATOR = ' ';
const CHARS_MAX = 1_024;

/**
 * @param print a place as words without spaces
 * @param parse the place of such words; undefined where they are none of ours
 */
export function pageTokens<Place>(print: (place: Place) => readonly (string | number)[], parse: (words: readonly string[]) => Place | undefined): PageTokens<Place> {
  return {
    encode: (place, list) => (place === undefined ? '' : Buffer.from([...print(place), listHash(list)].join(SEPARATOR)).toString('base64url')),
    decode: (token, list) => {
      if (token === '') return undefined;
      const words = token.length > CHARS_MAX ? [] : Buffer.from(token, 'base64url').toString().split(SEPARATOR);
      const place = words.pop() === listHash(list) ? parse(words) : undefined;
      if (place === undefined) throw new DomainError('PAGE_TOKEN_INVALID');
      return place;
    },
  };
}

export interface TimedPlace {
  readonly createTime: Date;
  readonly id: string;
}

const TIME_MS = /^\d{1,15}$/;

/** Of lists by time, and by id within one. @param ids the form of an id, anchored */
export function timedPageTokens(ids: RegExp): PageTokens<TimedPlace> {
  return pageTokens(
    ({ createTime, id }) => [createTime.getTime(), id],
    ([time = '', id = '', ...rest]) => (TIME_MS.test(time) && ids.test(id) && rest.length === 0 ? { createTime: new Date(Number(time)), id } : undefined),
  );
}

function listHash(list: string): string {
  return hash('sha256', list).slice(0, 16);
}
