import { status } from '@grpc/grpc-js';
import type { Artifact, DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import type { Api, CallSettings } from '../api.js';
import { StellaError, localError } from '../stella-error.js';
import { uploadParts } from './chunks.js';
import { type FileDigest, digestFile } from './file-digest.js';
import { withSpooled } from './spool.js';

export interface UploadSettings extends CallSettings {
  /** What the artifact is called; proves nothing. */
  readonly label?: string;
}

type Psdi = Api<typeof DeltaIndexServiceService>;

/** Registers a file or a stream of bytes as an artifact; what the server has is not sent again. */
export async function uploadArtifact(psdi: Psdi, source: string | AsyncIterable<Uint8Array>, settings: UploadSettings = {}): Promise<Artifact> {
  if (typeof source !== 'string') return withSpooled(source, (path, digest) => upload(psdi, path, digest, settings));
  return upload(psdi, source, await digestFile(source), settings);
}

async function upload(psdi: Psdi, path: string, digest: FileDigest, settings: UploadSettings): Promise<Artifact> {
  const known = await find(psdi, digest.sha256, settings);
  if (known) return known;
  const header = { sha256: digest.sha256, sizeBytes: BigInt(digest.sizeBytes), label: settings.label ?? '' };
  const { artifact } = await psdi.uploadArtifact(() => uploadParts(header, path), settings);
  return artifact ?? missing();
}

async function find(psdi: Psdi, sha256: string, settings: UploadSettings): Promise<Artifact | undefined> {
  try {
    return (await psdi.getArtifact({ name: `artifacts/${sha256}` }, settings)).artifact;
  } catch (error) {
    if (error instanceof StellaError && error.code === status.NOT_FOUND) return undefined;
    throw error;
  }
}

function missing(): never {
  throw localError('INTERNAL', { call: 'UploadArtifact', message: 'the answer holds no artifact' });
}
