import { decodePageToken, encodePageToken } from './page-token.js';

test('a token leads back to its place in its list only', () => {
  const place = { artifactSha256: 'ab'.repeat(32), position: 17 };
  expect(decodePageToken(encodePageToken(place, 'list'), 'list')).toEqual(place);
  expect(decodePageToken(encodePageToken({ artifactSha256: '', position: 3 }, 'list'), 'list')).toEqual({ artifactSha256: '', position: 3 });
  expect(decodePageToken('', 'list')).toEqual({ artifactSha256: '', position: -1 });
  const others = [encodePageToken(place, 'other'), 'x', encodePageToken({ ...place, position: 2 ** 31 }, 'list'), encodePageToken({ ...place, position: -1 }, 'list')];
  for (const token of others) expect(() => decodePageToken(token, 'list')).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }));
});
