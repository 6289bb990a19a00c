import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileDigest, requireSize } from './file-digest.js';

/**
 * Gives `use` a private file with the stream's bytes, gone afterwards. The digest has to be known before the first byte
 * is sent, and a retry has to send the same bytes: a stream can do neither.
 */
export async function withSpooled<T>(source: AsyncIterable<Uint8Array>, use: (path: string, digest: FileDigest) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'stella-upload-'));
  try {
    const path = join(folder, 'bytes');
    return await use(path, await writeAll(source, path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeAll(source: AsyncIterable<Uint8Array>, path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let sizeBytes = 0;
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.length;
      requireSize(sizeBytes);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}
