import { type LiftIndexPredicate, type UnitIndex, unpackSet, unpackSides } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { IndexStore, PackedIndex, PsdiFacts } from '../application/ports.js';
import type { IndexRecord } from '../domain/index-record.js';
import { limits } from '../limits.js';
import { LruByBytes } from './lru-by-bytes.js';

/** Parsed side records take about this many times the bytes of their text. */
const SIDES_IN_MEMORY_FACTOR = 4;

export class BlobIndexStore implements IndexStore {
  readonly #hot = new LruByBytes<UnitIndex>(limits.hotIndexBytesMax);

  constructor(
    private readonly blobs: BlobStore,
    private readonly facts: PsdiFacts,
  ) {}

  async save({ predicate, set, sides }: PackedIndex, index: UnitIndex): Promise<{ setSha256: string }> {
    await this.blobs.put(sides, { expectedSha256: predicate.sidesSha256 });
    const { sha256: setSha256 } = await this.blobs.put(set);
    // Unpacked anew: the leaves of a lift hold on to all of its output.
    this.#keep(keyOf(setSha256, predicate), { ...index, set: unpackSet(set) }, set, sides);
    return { setSha256 };
  }

  async load({ predicate, setSha256 }: IndexRecord): Promise<UnitIndex> {
    const key = keyOf(setSha256, predicate);
    const hot = this.#hot.get(key);
    this.facts.asked('parsed', hot !== undefined);
    if (hot) return hot;
    const [packed, packedSides] = await Promise.all([
      this.blobs.bytes(setSha256, limits.indexBlobBytesMax),
      this.blobs.bytes(predicate.sidesSha256, limits.indexBlobBytesMax),
    ]);
    const set = unpackSet(packed);
    if (set.root.toString('hex') !== predicate.root) throw new DomainError('INDEX_INVALID', { root: set.root.toString('hex'), expected: predicate.root });
    const index: UnitIndex = { set, sides: new Map(unpackSides(packedSides).map((side) => [side.id, side])), lifter: predicate.lifter };
    this.#keep(key, index, packed, packedSides);
    return index;
  }

  #keep(key: string, index: UnitIndex, packed: Buffer, packedSides: Buffer): void {
    this.#hot.set(key, index, packed.byteLength + SIDES_IN_MEMORY_FACTOR * packedSides.byteLength);
  }
}

/** The lifter belongs to it: the same leaves may come from two. */
function keyOf(setSha256: string, { sidesSha256, lifter }: LiftIndexPredicate): string {
  return `${setSha256} ${sidesSha256} ${lifter.sha256}`;
}
