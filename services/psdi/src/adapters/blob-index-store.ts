import type { BlobStore } from '@stella/platform-blobs';
import type { IndexStore, PackedIndex } from '../application/ports.js';
import type { IndexRecord } from '../domain/index-record.js';
import { limits } from '../limits.js';

export class BlobIndexStore implements IndexStore {
  constructor(private readonly blobs: BlobStore) {}

  async save({ set, sides }: PackedIndex): Promise<{ setSha256: string; sidesSha256: string }> {
    const [{ sha256: setSha256 }, { sha256: sidesSha256 }] = await Promise.all([this.blobs.put(set), this.blobs.put(sides)]);
    return { setSha256, sidesSha256 };
  }

  async load({ predicate, setSha256 }: IndexRecord): Promise<PackedIndex> {
    const [set, sides] = await Promise.all([this.blobs.bytes(setSha256, limits.indexBlobBytesMax), this.blobs.bytes(predicate.sidesSha256, limits.indexBlobBytesMax)]);
    return { set, sides };
  }
}
