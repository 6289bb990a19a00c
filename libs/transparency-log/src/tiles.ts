import { DomainError } from '@stella/errors';
import { HASH_LENGTH, hashChildren, type Hash } from './hashing.js';
import { requireWhole } from './integers.js';

/** C2SP tlog-tiles: levels of 8 tree levels each, 256 hashes a full tile. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
export const TILE_LEVEL_MAX = 63;
export const ENTRY_SIZE_BYTES_MAX = 65_535;

/** A tile of hashes, or at level `entries` a bundle of entries. */
export interface TileId {
  readonly level: number | 'entries';
  readonly index: number;
  /** Hashes or entries in it; 256 is a full tile. */
  readonly width: number;
}

/** Reads stored resources; answers undefined for one that does not exist, and throws when it could not find out. */
export interface TileReader {
  read(path: string): Promise<Uint8Array | undefined>;
}

export const CHECKPOINT_PATH = 'checkpoint';

/** `tile/<L>/<N>[.p/<W>]` with the index in groups of three digits, all but the last beginning with x. */
export function tilePath({ level, index, width }: TileId): string {
  if (level !== 'entries') {
    requireWhole('level', level);
    requireWhole('level bound', TILE_LEVEL_MAX - level);
  }
  requireWhole('index', index);
  requireWhole('width', width, 1);
  requireWhole('width bound', TILE_WIDTH - width);
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The inverse of `tilePath`; undefined for every other spelling. */
export function parseTilePath(path: string): TileId | undefined {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (match === null) return undefined;
  const [, level, groups = '', width] = match;
  const tile: TileId = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const inRange = tile.level === 'entries' || tile.level <= TILE_LEVEL_MAX;
  const indexOk = Number.isSafeInteger(tile.index) && tile.width >= 1 && tile.width <= TILE_WIDTH;
  return inRange && indexOk && tilePath(tile) === path ? tile : undefined;
}

/** How many hashes a tile has in a tree of this size; 0 if the tree has no such tile. */
export function tileWidth(level: number, index: number, size: number): number {
  const nodes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH));
}

/** Every tile and bundle whose content a tree of size2 has and one of size1 has not. */
export function newTiles(size1: number, size2: number): TileId[] {
  const tiles: TileId[] = [];
  for (let level = 0; Math.floor(size2 / TILE_WIDTH ** level) > 0; level += 1) {
    const before = Math.floor(size1 / TILE_WIDTH ** level);
    const after = Math.floor(size2 / TILE_WIDTH ** level);
    for (let index = Math.floor(before / TILE_WIDTH); before < after && index * TILE_WIDTH < after; index += 1) {
      const width = tileWidth(level, index, size2);
      if (level === 0) tiles.push({ level: 'entries', index, width });
      tiles.push({ level, index, width });
    }
  }
  return tiles;
}

/** @throws DomainError `TLOG_TILE_INVALID` unless the bytes are exactly `width` hashes */
export function parseTile(bytes: Uint8Array, tile: TileId): Hash[] {
  if (bytes.length !== tile.width * HASH_LENGTH) {
    throw new DomainError('TLOG_TILE_INVALID', { tile: tilePath(tile), sizeBytes: String(bytes.length) });
  }
  return Array.from({ length: tile.width }, (_, at) => bytes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH));
}

/** Entries, each after its length as big-endian uint16. @throws DomainError `TLOG_ENTRY_TOO_LARGE` */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => {
      requireEntrySize(entry);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** @throws DomainError `TLOG_TILE_INVALID` unless the bytes are exactly `width` entries */
export function parseBundle(bytes: Uint8Array, tile: TileId): Uint8Array[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= view.length && entries.length < tile.width) {
    const end = at + 2 + view.readUInt16BE(at);
    if (end > view.length) break;
    entries.push(view.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== tile.width || at !== view.length) {
    throw new DomainError('TLOG_TILE_INVALID', {
      tile: tilePath(tile),
      entries: String(entries.length),
      trailingBytes: String(view.length - at),
    });
  }
  return entries;
}

/** @throws DomainError `TLOG_ENTRY_TOO_LARGE` */
export function requireEntrySize(entry: Uint8Array): void {
  if (entry.length > ENTRY_SIZE_BYTES_MAX) {
    throw new DomainError('TLOG_ENTRY_TOO_LARGE', {
      sizeBytes: String(entry.length),
      sizeBytesMax: String(ENTRY_SIZE_BYTES_MAX),
    });
  }
}

/** The root over a power of two of sibling hashes. */
export function hashPerfect(hashes: readonly Hash[]): Hash {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, at) =>
      hashChildren(level[2 * at] as Hash, level[2 * at + 1] as Hash),
    );
  }
  return level[0] as Hash;
}
