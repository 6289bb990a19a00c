import type { BlobInventory, BlobStore } from '@stella/platform-blobs';
import { isDomainError } from '@stella/errors';
import type { BackupReader } from './backup-reader.js';
import type { BackupWriter } from './backup-writer.js';

export function blobPath(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256}`;
}

/**
 * After the database: a blob is stored before a row names it, so that all that the rows of the copy name is there by now.
 * One that was taken away since is named by nobody any more.
 * @throws DomainError BLOB_DIGEST_MISMATCH: a backup of damaged bytes would replace a good one before long
 */
export async function backUpBlobs(store: BlobStore & BlobInventory, writer: BackupWriter, onBlob: () => void): Promise<void> {
  for await (const sha256 of store.list()) {
    if ((await store.stat(sha256)) === undefined) continue;
    await writer.write(blobPath(sha256), store.read(sha256));
    onBlob();
  }
}

/** Before the database, which names them. Those that are there stay. */
export async function restoreBlobs(reader: BackupReader, store: BlobStore): Promise<void> {
  for (const sha256 of reader.blobs()) {
    try {
      await store.put(reader.read(blobPath(sha256)), { expectedSha256: sha256 });
    } catch (error) {
      // The reader looks at the end, the store too: both mean the backup.
      if (isDomainError(error, 'BLOB_DIGEST_MISMATCH')) for await (const _chunk of reader.read(blobPath(sha256))) continue;
      throw error;
    }
  }
}
