import { DomainError } from '@stella/errors';
import { type Checkpoint, type LogIdentity, signCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { equalHashes, hashLeaf, type Hash } from './hashing.js';
import type { NoteSigner } from './note.js';
import { TileTree } from './tile-tree.js';
import {
  CHECKPOINT_PATH,
  encodeBundle,
  newTiles,
  requireEntrySize,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileId,
  tilePath,
  type TileReader,
  tileWidth,
} from './tiles.js';

/** Entries that one call may append. */
export const BATCH_ENTRY_COUNT_MAX = 65_536;

export interface AppendRequest {
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Reads what earlier calls persisted. */
  readonly reader: TileReader;
  /** The checkpoint that was persisted last, byte for byte; undefined for a log that is to begin. */
  readonly lastCheckpoint: Uint8Array | undefined;
  readonly entries: readonly Uint8Array[];
}

export interface Resource {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * What to persist. Write every tile durably first, in any order; then replace `lastCheckpoint` by `checkpoint` in one
 * compare-and-swap. A crash in between leaves the old tree whole: no signed checkpoint refers to the new tiles, and
 * the next append overwrites them. When the swap is lost to another writer, destroy the plan: its checkpoint is signed,
 * and together with the winner's it would be proof of two histories.
 */
export interface AppendPlan {
  readonly tiles: readonly Resource[];
  readonly checkpoint: Resource;
  readonly tree: Checkpoint;
  /** Index of the first of the new entries. */
  readonly firstIndex: number;
}

/**
 * Sequences entries behind those that are there, and signs the new tree only after the stored state was found to be
 * the one of the last checkpoint, and the new tiles to hash to the new root.
 * @throws DomainError `TLOG_STATE_MISMATCH`, `TLOG_ENTRY_TOO_LARGE`, `TLOG_SIZE_OUT_OF_RANGE`, and those of reading
 *   tiles and verifying the last checkpoint
 */
export async function planAppend(request: AppendRequest): Promise<AppendPlan> {
  const { origin, signer, entries } = request;
  if (entries.length > BATCH_ENTRY_COUNT_MAX) {
    throw new DomainError('TLOG_SIZE_OUT_OF_RANGE', { name: 'entries', value: String(entries.length) });
  }
  entries.forEach(requireEntrySize);
  const { edge, tail } = await loadState(request);
  const firstIndex = edge.size;
  const level = new NodeCollector(firstIndex);
  for (const entry of entries) edge.append(hashLeaf(entry), (height, index, hash) => level.add(height, index, hash));
  const tree: Checkpoint = { origin, size: edge.size, rootHash: edge.root(), extensions: [] };
  const tiles = await renderTiles(request.reader, firstIndex, tree.size, [...tail, ...entries], level);
  await requireRoot(overlay(tiles, request.reader), tree);
  return { tiles, checkpoint: { path: CHECKPOINT_PATH, bytes: await signCheckpoint(tree, signer) }, tree, firstIndex };
}

async function loadState({ origin, signer, reader, lastCheckpoint }: AppendRequest) {
  if (lastCheckpoint === undefined) {
    // A lost checkpoint must not restart a log: other entries under an origin that was already shown are a fork.
    const leftover = await reader.read(CHECKPOINT_PATH);
    if (leftover !== undefined) throw new DomainError('TLOG_STATE_MISMATCH', { origin, problem: 'a checkpoint exists' });
    return { edge: CompactRange.empty(), tail: [] };
  }
  const log: LogIdentity = { origin, keys: [signer.key] };
  const { checkpoint } = verifyCheckpoint(lastCheckpoint, log);
  const tree = new TileTree(reader, checkpoint.size);
  const edge = await tree.compactRange();
  requireEqual(edge.root(), checkpoint.rootHash, origin, 'tiles do not hash to the root');
  const tailWidth = checkpoint.size % TILE_WIDTH;
  if (tailWidth === 0) return { edge, tail: [] };
  const tail = await tree.bundle(Math.floor(checkpoint.size / TILE_WIDTH));
  for (const [at, entry] of tail.entries()) {
    const leafHash = await tree.leafHash(checkpoint.size - tailWidth + at);
    requireEqual(hashLeaf(entry), leafHash, origin, 'entries do not hash to the tile');
  }
  return { edge, tail };
}

/** New nodes of the levels that tiles store. */
class NodeCollector {
  private readonly levels = new Map<number, Map<number, Hash>>();

  constructor(private readonly sizeBefore: number) {}

  add(height: number, index: number, hash: Hash): void {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    const nodes = this.levels.get(level) ?? new Map<number, Hash>();
    this.levels.set(level, nodes.set(index, hash));
  }

  /** The hashes that a tile gains, after the `known` that it had before. */
  of(level: number, index: number, width: number): { readonly known: number; readonly added: Hash[] } {
    const known = tileWidth(level, index, this.sizeBefore);
    const nodes = this.levels.get(level);
    const added = Array.from({ length: width - known }, (_, at) => nodes?.get(index * TILE_WIDTH + known + at) as Hash);
    return { known, added };
  }
}

async function renderTiles(
  reader: TileReader,
  sizeBefore: number,
  size: number,
  entries: readonly Uint8Array[],
  nodes: NodeCollector,
): Promise<Resource[]> {
  const firstBundle = Math.floor(sizeBefore / TILE_WIDTH);
  const render = async (tile: TileId): Promise<Uint8Array> => {
    if (tile.level === 'entries') {
      const from = (tile.index - firstBundle) * TILE_WIDTH;
      return encodeBundle(entries.slice(from, from + tile.width));
    }
    const { known, added } = nodes.of(tile.level, tile.index, tile.width);
    const before = known === 0 ? [] : [await stored(reader, { ...tile, width: known })];
    return Buffer.concat([...before, ...added]);
  };
  return Promise.all(
    newTiles(sizeBefore, size).map(async (tile) => ({ path: tilePath(tile), bytes: await render(tile) })),
  );
}

async function stored(reader: TileReader, tile: TileId): Promise<Uint8Array> {
  const bytes = await reader.read(tilePath(tile));
  if (bytes === undefined) throw new DomainError('TLOG_TILE_MISSING', { tile: tilePath(tile) });
  return bytes;
}

async function requireRoot(reader: TileReader, { origin, size, rootHash }: Checkpoint): Promise<void> {
  requireEqual(await new TileTree(reader, size).root(), rootHash, origin, 'new tiles do not hash to the new root');
}

/** What a reader will see once the resources are persisted. */
export function overlay(resources: readonly Resource[], reader: TileReader): TileReader {
  const added = new Map(resources.map(({ path, bytes }) => [path, bytes]));
  return { read: async (path) => added.get(path) ?? reader.read(path) };
}

function requireEqual(actual: Hash, expected: Hash, origin: string, problem: string): void {
  if (!equalHashes(actual, expected)) throw new DomainError('TLOG_STATE_MISMATCH', { origin, problem });
}
