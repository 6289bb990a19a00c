import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import { BLOB_SIZE_BYTES_MAX, type BlobInfo, type BlobSource, type PutOptions } from './blob-store.js';

/** What is hashed at a time: a millisecond or two, after which others have their turn. */
const CHUNK_BYTES = 1 << 20;

export function chunksOf(source: BlobSource): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return source instanceof Uint8Array ? piecesOf(source) : source;
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Passes bytes on to `write` while hashing; checks size as they come and the digest at the end. */
export async function hashWhile(
  source: BlobSource,
  options: PutOptions,
  write: (chunk: Uint8Array) => Promise<void> | void,
): Promise<BlobInfo> {
  const sizeBytesMax = options.sizeBytesMax ?? BLOB_SIZE_BYTES_MAX;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunksOf(source)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeBytesMax) throw new DomainError('BLOB_TOO_LARGE', { sizeBytesMax: String(sizeBytesMax) });
    hash.update(chunk);
    await write(chunk);
  }
  const sha256 = hash.digest('hex');
  if (options.expectedSha256 !== undefined && options.expectedSha256 !== sha256) {
    throw new DomainError('BLOB_DIGEST_MISMATCH', { expected: options.expectedSha256, actual: sha256 });
  }
  return { sha256, sizeBytes };
}

export async function* verified(sha256: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) throw new DomainError('BLOB_DIGEST_MISMATCH', { expected: sha256, actual });
}

export async function collect(source: AsyncIterable<Uint8Array>, sizeBytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeBytesMax) throw new DomainError('BLOB_TOO_LARGE', { sizeBytesMax: String(sizeBytesMax) });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
