import { DomainError } from '@stella/errors';
import type { Checkpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { equalHashes, hashLeaf } from './hashing.js';
import { TileTree } from './tile-tree.js';
import { TILE_HEIGHT, TILE_WIDTH, type TileReader } from './tiles.js';

/**
 * Reads a whole log and checks that every entry hashes to its leaf, every tile of every level to the entries, and all
 * to the root of the checkpoint. Reads each bundle once and holds one at a time; time grows with the log.
 * A writer does this when it starts, before it signs anything.
 * @param checkpoint of a note that was verified
 * @throws DomainError `TLOG_STATE_MISMATCH` with the place, and those of reading tiles
 */
export async function auditLog(reader: TileReader, { origin, size, rootHash }: Checkpoint): Promise<void> {
  const tree = new TileTree(reader, size);
  const range = CompactRange.empty();
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle += 1) {
    const complete: { level: number; index: number; hash: Uint8Array }[] = [];
    for (const entry of await tree.bundle(bundle)) {
      range.append(hashLeaf(entry), (height, index, hash) => {
        if (height % TILE_HEIGHT === 0) complete.push({ level: height / TILE_HEIGHT, index, hash });
      });
    }
    for (const { level, index, hash } of complete) {
      if (!equalHashes(await tree.storedHash(level, index), hash)) {
        throw new DomainError('TLOG_STATE_MISMATCH', { origin, level: String(level), index: String(index) });
      }
    }
  }
  if (!equalHashes(range.root(), rootHash)) {
    throw new DomainError('TLOG_STATE_MISMATCH', { origin, problem: 'entries do not hash to the root' });
  }
}
