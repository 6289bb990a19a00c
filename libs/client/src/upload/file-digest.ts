import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { limits } from '../limits.js';
import { localError } from '../stella-error.js';

export interface FileDigest {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** SHA-256 and size of a file, read once; what is larger than an artifact may be is refused before it is read. */
export async function digestFile(path: string): Promise<FileDigest> {
  requireSize((await stat(path)).size);
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
  throw localError('ARTIFACT_TOO_LARGE', { sizeBytes: String(sizeBytes), sizeBytesMax: String(limits.artifactBytesMax) });
}
