import { DomainError } from '@stella/errors';
import { CompactRange } from './compact-range.js';
import { EMPTY_ROOT, hashChildren, type Hash } from './hashing.js';
import { requireWhole } from './integers.js';
import { consistencyRanges, inclusionRanges, type NodeId, perfectNodes, type ProofRanges } from './proof-build.js';
import type { Subtree } from './proof-verify.js';
import {
  hashPerfect,
  parseBundle,
  parseTile,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileId,
  tilePath,
  type TileReader,
  tileWidth,
} from './tiles.js';

/**
 * A tree of fixed size, read from tiles. Nothing that it answers is verified against a root: verify the proofs, or
 * compare `root()` with a checkpoint first. Tiles of hashes are read once per tree, bundles at each call.
 * @throws from every method: DomainError `TLOG_TILE_MISSING`, `TLOG_TILE_INVALID`, `TLOG_SIZE_OUT_OF_RANGE`
 */
export class TileTree {
  private readonly tiles = new Map<string, Promise<Hash[]>>();

  constructor(
    private readonly reader: TileReader,
    readonly size: number,
  ) {
    requireWhole('size', size);
  }

  async root(): Promise<Hash> {
    return this.size === 0 ? EMPTY_ROOT : this.range({ start: 0, end: this.size });
  }

  async leafHash(index: number): Promise<Hash> {
    requireWhole('index', index);
    requireWhole('size', this.size, index + 1);
    return this.node({ level: 0, index });
  }

  inclusionProof(index: number): Promise<Hash[]> {
    return this.hashes(inclusionRanges(index, this.size));
  }

  /** The proof that this tree begins with the tree of `size1`. */
  consistencyProof(size1: number): Promise<Hash[]> {
    return this.hashes(consistencyRanges(size1, this.size));
  }

  /** The right edge of this tree, to append to. */
  compactRange(): Promise<CompactRange> {
    return this.compactRangeAt(this.size);
  }

  /** The right edge that this tree had at an earlier size. */
  async compactRangeAt(size: number): Promise<CompactRange> {
    requireWhole('earlier size', size);
    requireWhole('size', this.size, size);
    const nodes = perfectNodes({ start: 0, end: size });
    return CompactRange.of(size, await Promise.all(nodes.map((node) => this.node(node))));
  }

  async entry(index: number): Promise<Uint8Array> {
    requireWhole('index', index);
    requireWhole('size', this.size, index + 1);
    const entries = await this.bundle(Math.floor(index / TILE_WIDTH));
    return entries[index % TILE_WIDTH] as Uint8Array;
  }

  /** The entries of one bundle: 256, or those that the tree has of the last one. */
  async bundle(index: number): Promise<Uint8Array[]> {
    const tile = this.tile('entries', index);
    return parseBundle(await this.load(tile, tilePath(tile)), tile);
  }

  /** A hash as its tile stores it: the root of 256^level leaves. */
  async storedHash(level: number, index: number): Promise<Hash> {
    return this.node({ level: level * TILE_HEIGHT, index });
  }

  private hashes(ranges: ProofRanges): Promise<Hash[]> {
    return Promise.all(ranges.map((range) => this.range(range)));
  }

  private async range(range: Subtree): Promise<Hash> {
    const hashes = await Promise.all(perfectNodes(range).map((node) => this.node(node)));
    return hashes.reduceRight((right, left) => hashChildren(left, right));
  }

  private async node({ level, index }: NodeId): Promise<Hash> {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const leaves = 2 ** (level % TILE_HEIGHT);
    const first = index * leaves;
    const tile = this.tile(tileLevel, Math.floor(first / TILE_WIDTH));
    const hashes = await this.hashTile(tile);
    const offset = first % TILE_WIDTH;
    return hashPerfect(hashes.slice(offset, offset + leaves));
  }

  private tile(level: number | 'entries', index: number): TileId {
    requireWhole('index', index);
    return { level, index, width: tileWidth(level === 'entries' ? 0 : level, index, this.size) };
  }

  private hashTile(tile: TileId): Promise<Hash[]> {
    const path = tilePath(tile);
    const known = this.tiles.get(path);
    if (known) return known;
    const hashes = this.load(tile, path).then((bytes) => parseTile(bytes, tile));
    this.tiles.set(path, hashes);
    return hashes;
  }

  private async load(tile: TileId, path: string): Promise<Uint8Array> {
    const bytes = await this.reader.read(path);
    if (bytes !== undefined) return bytes;
    // A log may delete a partial tile once the full one is there.
    const full = tile.width < TILE_WIDTH ? await this.reader.read(tilePath({ ...tile, width: TILE_WIDTH })) : undefined;
    if (full === undefined) throw new DomainError('TLOG_TILE_MISSING', { tile: path });
    return prefix(full, tile);
  }
}

function prefix(full: Uint8Array, tile: TileId): Uint8Array {
  if (tile.level !== 'entries') {
    parseTile(full, { ...tile, width: TILE_WIDTH });
    return full.subarray(0, tile.width * 32);
  }
  const entries = parseBundle(full, { ...tile, width: TILE_WIDTH });
  const length = entries.slice(0, tile.width).reduce((sum, entry) => sum + 2 + entry.length, 0);
  return full.subarray(0, length);
}
