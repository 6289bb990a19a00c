import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { limits } from '../limits.js';
import { localError } from '../stella-error.js';

export interface FileDigest {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** SHA-256 and size of a file, read once; refuses what is larger than an artifact may be. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    requireSize(sizeBytes);
    hash.update(chunk);
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

export function requireSize(sizeBytes: number): void {
  if (sizeBytes <= limits.artifactBytesMax) return;
  throw localError('BLOB_TOO_LARGE', { sizeBytesMax: String(limits.artifactBytesMax) });
}
