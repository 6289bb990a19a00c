import { pageTokens } from '@stella/platform-grpc';

export interface PagePlace {
  readonly artifactSha256: string;
  readonly position: number;
}

/** Before everything: no digest is below the empty text, no position below zero. */
const FIRST: PagePlace = { artifactSha256: '', position: -1 };
const SHA256_OR_NONE = /^([0-9a-f]{64})?$/;
const POSITION = /^\d{1,10}$/;
const POSITION_MAX = 0x7fff_ffff;

const tokens = pageTokens<PagePlace>(
  ({ artifactSha256, position }) => [artifactSha256, position],
  ([artifactSha256 = '', position = '', ...rest]) => {
    const isOurs = SHA256_OR_NONE.test(artifactSha256) && POSITION.test(position) && Number(position) <= POSITION_MAX && rest.length === 0;
    return isOurs ? { artifactSha256, position: Number(position) } : undefined;
  },
);

export const encodePageToken: (place: PagePlace, list: string) => string = tokens.encode;

/** @throws DomainError PAGE_TOKEN_INVALID */
export function decodePageToken(token: string, list: string): PagePlace {
  return tokens.decode(token, list) ?? FIRST;
}
