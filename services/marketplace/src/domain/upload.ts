import { DomainError } from '@stella/errors';
import { checkPaths, type Manifest } from './manifest.js';

export interface DeclaredFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface UploadLimits {
  readonly fileSizeBytesMax: number;
  readonly packSizeBytesMax: number;
}

/** Files that are on their way to become a pack. */
export interface Upload {
  readonly id: string;
  readonly namespaceId: string;
  readonly tenant: string;
  readonly files: readonly DeclaredFile[];
  readonly createTime: Date;
  readonly expireTime: Date;
  /** Of the pack that it became. */
  readonly packId: string | undefined;
}

/**
 * Refuses what no pack may hold before a byte of it is sent. Gives the bytes of all files together.
 * @throws DomainError PACK_PATH_INVALID, PACK_TOO_LARGE, PACK_DIGEST_MISMATCH
 */
export function checkDeclared(files: readonly DeclaredFile[], { fileSizeBytesMax, packSizeBytesMax }: UploadLimits): number {
  checkPaths(files.map(({ path }) => path));
  const sizes = new Map<string, number>();
  for (const { path, sha256, sizeBytes } of files) {
    if (sizeBytes > fileSizeBytesMax) {
      throw new DomainError('PACK_TOO_LARGE', { path, sizeBytes: String(sizeBytes), fileSizeBytesMax: String(fileSizeBytesMax) });
    }
    if ((sizes.get(sha256) ?? sizeBytes) !== sizeBytes) throw new DomainError('PACK_DIGEST_MISMATCH', { path, problem: 'one digest with two sizes' });
    sizes.set(sha256, sizeBytes);
  }
  const total = [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  if (total > packSizeBytesMax) throw new DomainError('PACK_TOO_LARGE', { sizeBytes: String(total), packSizeBytesMax: String(packSizeBytesMax) });
  return total;
}

/** @throws DomainError PACK_DIGEST_MISMATCH where the signed manifest is not about the files of the upload */
export function checkManifestOfUpload(manifest: Manifest, files: readonly DeclaredFile[]): void {
  const declared = new Map(files.map((file) => [file.path, file]));
  if (declared.size !== manifest.files.length) {
    throw new DomainError('PACK_DIGEST_MISMATCH', { problem: 'upload and manifest differ in their number of files', uploaded: String(declared.size), signed: String(manifest.files.length) });
  }
  for (const { path, sha256, sizeBytes } of manifest.files) {
    const file = declared.get(path);
    if (file?.sha256 !== sha256) throw new DomainError('PACK_DIGEST_MISMATCH', { path, expected: sha256, actual: file?.sha256 ?? 'none' });
    if (file.sizeBytes !== sizeBytes) {
      throw new DomainError('PACK_DIGEST_MISMATCH', { path, expectedSizeBytes: String(sizeBytes), actualSizeBytes: String(file.sizeBytes) });
    }
  }
}
