import fc from 'fast-check';
import { reasonOf } from '@stella/testing';
import { encodeBundle, newTiles, parseBundle, parseTile, parseTilePath, type TileId, tilePath, tileWidth } from './tiles.js';

test.each<[string, TileId]>([
  ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
  ['tile/0/000', { level: 0, index: 0, width: 256 }],
  ['tile/entries/x001/000.p/17', { level: 'entries', index: 1000, width: 17 }],
  ['tile/63/999.p/255', { level: 63, index: 999, width: 255 }],
])('%s', (path, tile) => {
  expect(tilePath(tile)).toBe(path);
  expect(parseTilePath(path)).toEqual(tile);
});

test.each([
  'tile/0/1',
  'tile/00/001',
  'tile/64/001',
  'tile/0/x000/001',
  'tile/0/001/002',
  'tile/0/001.p/0',
  'tile/0/001.p/256',
  'tile/0/001.p/01',
  'tile/0/x999/x999/x999/x999/x999/999',
  'tile/data/001',
  'tile/0/001/',
  '/tile/0/001',
  'tile/0/../0/001',
])('is no tile: %s', (path) => {
  expect(parseTilePath(path)).toBeUndefined();
});

test('property: path and tile are the same thing', () => {
  const tile = fc.record({
    level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
    index: fc.maxSafeNat(),
    width: fc.integer({ min: 1, max: 256 }),
  });
  fc.assert(fc.property(tile, (one) => expect(parseTilePath(tilePath(one))).toEqual(one)));
});

test.each<TileId>([
  { level: 64, index: 0, width: 1 },
  { level: -1, index: 0, width: 1 },
  { level: 0, index: -1, width: 1 },
  { level: 0, index: 0, width: 0 },
  { level: 0, index: 0, width: 257 },
])('refuses %j', (tile) => {
  expect(reasonOf(() => tilePath(tile))).toBe('TLOG_SIZE_OUT_OF_RANGE');
});

test('the tiles of 70,000 entries (example of the specification)', () => {
  const count = (level: number, full: boolean) =>
    newTiles(0, 70_000).filter((tile) => tile.level === level && (tile.width === 256) === full).length;
  expect([count(0, true), count(0, false), count(1, true), count(1, false), count(2, true), count(2, false)]).toEqual([273, 1, 1, 1, 0, 1]);
  expect([tileWidth(0, 273, 70_000), tileWidth(1, 1, 70_000), tileWidth(2, 0, 70_000), tileWidth(3, 0, 70_000)]).toEqual([112, 17, 1, 0]);
  expect(newTiles(0, 256).map(tilePath)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']);
});

test('only what changed is new', () => {
  expect(newTiles(5, 5)).toEqual([]);
  expect(newTiles(0, 0)).toEqual([]);
  expect(newTiles(255, 257).map(tilePath)).toEqual([
    'tile/entries/000',
    'tile/0/000',
    'tile/entries/001.p/1',
    'tile/0/001.p/1',
    'tile/1/000.p/1',
  ]);
});

test('property: bundles read back; any other length is refused', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(entries, (list) => {
      const tile: TileId = { level: 'entries', index: 0, width: list.length };
      const bytes = encodeBundle(list);
      expect(parseBundle(bytes, tile).map((entry) => Array.from(entry))).toEqual(list.map((entry) => Array.from(entry)));
      expect(reasonOf(() => parseBundle(bytes, { ...tile, width: list.length + 1 }))).toBe('TLOG_TILE_INVALID');
      expect(reasonOf(() => parseBundle(bytes.subarray(0, -1), tile))).toBe('TLOG_TILE_INVALID');
      expect(reasonOf(() => parseBundle(Buffer.concat([bytes, Buffer.of(0)]), tile))).toBe('TLOG_TILE_INVALID');
    }),
  );
});

test('an entry has at most 65,535 bytes', () => {
  const bytes = encodeBundle([new Uint8Array(65_535)]);
  expect(parseBundle(bytes, { level: 'entries', index: 0, width: 1 })[0]).toHaveLength(65_535);
  expect(reasonOf(() => encodeBundle([new Uint8Array(65_536)]))).toBe('TLOG_ENTRY_TOO_LARGE');
});

test('a tile has exactly its hashes', () => {
  expect(parseTile(new Uint8Array(64), { level: 0, index: 0, width: 2 })).toHaveLength(2);
  expect(reasonOf(() => parseTile(new Uint8Array(65), { level: 0, index: 0, width: 2 }))).toBe('TLOG_TILE_INVALID');
});
