import type { BlobStore } from '@stella/platform-blobs';
import type { MarketplaceFacts } from './ports.js';

/**
 * A stored file, its last bytes held back until all of it has proved to be what its digest says: whoever gets as many
 * bytes as were announced has the right ones.
 */
export async function* readProved(blobs: BlobStore, facts: Pick<MarketplaceFacts, 'readFailed'>, sha256: string): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of blobs.read(sha256)) {
      if (held) yield held;
      held = chunk;
    }
  } catch (error) {
    facts.readFailed(sha256, error);
    throw error;
  }
  if (held) yield held;
}

export async function* inChunks(source: AsyncIterable<Uint8Array>, sizeBytesMax: number): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    for (let start = 0; start < bytes.byteLength; start += sizeBytesMax) yield bytes.subarray(start, start + sizeBytesMax);
  }
}
