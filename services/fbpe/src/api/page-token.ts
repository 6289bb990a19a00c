import { pageTokens } from '@stella/platform-grpc';
import type { EntryPosition } from '../application/ports.js';

const INDEX = /^\d{1,15}$/;
const ORIGIN_CHARS_MAX = 300;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of entries about a subject, own and foreign. */
export const entryTokens = pageTokens<EntryPosition>(
  ({ index, origin }) => [index, origin],
  ([index = '', origin = '', ...rest]) => (INDEX.test(index) && origin !== '' && origin.length <= ORIGIN_CHARS_MAX && rest.length === 0 ? { origin, index: Number(index) } : undefined),
);

export const peeringTokens = pageTokens<string>(
  (id) => [id],
  ([id = '', ...rest]) => (UUID.test(id) && rest.length === 0 ? id : undefined),
);
