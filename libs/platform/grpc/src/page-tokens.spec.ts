import { pageTokens, timedPageTokens } from './page-tokens.js';

const INVALID = expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' });
const { encode, decode } = timedPageTokens(/^[a-f]{1,4}$/);
const PLACE = { createTime: new Date('2026-06-01T12:00:00.123Z'), id: 'abc' };

test('a token leads back to its place, in its own list only', () => {
  const token = encode(PLACE, 'packs of acme');
  expect(token).toMatch(/^[\w-]+$/);
  expect(decode(token, 'packs of acme')).toEqual(PLACE);
  expect(() => decode(token, 'packs of umbrella')).toThrow(INVALID);
});

test('no token is the first page, and no place no further one', () => {
  expect(decode('', 'list')).toBeUndefined();
  expect(encode(undefined, 'list')).toBe('');
});

test('what somebody else made is refused', () => {
  const forged = (...words: string[]) => Buffer.from(words.join(' ')).toString('base64url');
  const seal = Buffer.from(encode(PLACE, 'list'), 'base64url').toString().split(' ').at(-1) ?? '';
  for (const token of ['x', forged(seal), forged('1', seal), forged('1', 'ab', 'more', seal), forged('-1', 'ab', seal), forged('1', 'xyz', seal), forged('1', "a' OR 1", seal), 'A'.repeat(100_000)]) {
    expect(() => decode(token, 'list')).toThrow(INVALID);
  }
});

test('places of any kind', () => {
  const tokens = pageTokens<number>((index) => [index], ([index]) => (index === undefined || !/^\d{1,9}$/.test(index) ? undefined : Number(index)));
  expect(tokens.decode(tokens.encode(0, 'log'), 'log')).toBe(0);
});
