import type { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { Api, CallSettings } from '../api.js';
import { uploadParts } from './chunks.js';

/** A file of an open marketplace upload. */
export interface PackFileSource {
  /** `namespaces/{id}/uploads/{uuid}`. */
  readonly upload: string;
  readonly sha256: string;
  /** Where its bytes are, on this machine. */
  readonly path: string;
}

/** Sends one file of an open upload; answers its size in bytes as the server counted it. */
export async function uploadPackFile(
  marketplace: Api<typeof MarketplaceServiceService>,
  { upload, sha256, path }: PackFileSource,
  settings?: CallSettings,
): Promise<bigint> {
  return (await marketplace.uploadFile(() => uploadParts({ upload, sha256 }, path), settings)).sizeBytes;
}
