import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { packNameOf } from '../domain/manifest.js';
import type { Pack } from '../domain/pack.js';
import { checkManifestOfUpload, type Upload } from '../domain/upload.js';
import { foundUpload, missingDigests } from './create-upload.js';
import type { DecidePack } from './decide-pack.js';
import type { MarketplaceFacts, PackRepository, Transactions, UploadRepository } from './ports.js';
import type { ValidatePack } from './validate-pack.js';
import type { SignedManifest, VerifyManifest } from './verify-manifest.js';

export interface UploadToFinalize {
  readonly tenant: string;
  readonly namespaceId: string;
  readonly uploadId: string;
  readonly envelope: Uint8Array;
}

/**
 * Makes a pack of an upload. A manifest that no valid key signed, or that is not about the files, makes none; what else is
 * wrong becomes the pack's findings. Safe to repeat, also after a crash: a pack that is still validating is validated
 * again.
 */
export class FinalizeUpload {
  constructor(
    private readonly transactions: Transactions,
    private readonly uploads: UploadRepository,
    private readonly packs: PackRepository,
    private readonly blobs: BlobStore,
    private readonly verify: VerifyManifest,
    private readonly validate: ValidatePack,
    private readonly decide: DecidePack,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
    private readonly ids: () => string,
  ) {}

  /**
   * @throws DomainError UPLOAD_NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_INCOMPLETE, UPLOAD_FINALIZED, PACK_VERSION_EXISTS,
   * PACK_DIGEST_MISMATCH, and as `VerifyManifest`
   */
  async execute(request: UploadToFinalize): Promise<Pack> {
    try {
      return await this.#finalize(request);
    } catch (error) {
      if (isDomainError(error)) this.facts.uploadRefused(request.tenant, request.uploadId, error.reason);
      throw error;
    }
  }

  async #finalize({ tenant, namespaceId, uploadId, envelope }: UploadToFinalize): Promise<Pack> {
    const upload = await foundUpload(this.uploads, tenant, namespaceId, uploadId);
    const signed = await this.verify.execute(namespaceId, envelope);
    checkManifestOfUpload(signed.manifest, upload.files);
    const pack = upload.packId === undefined ? await this.#packOf(upload, signed, envelope) : await this.#found(upload.packId);
    if (pack.payloadDigest !== signed.payloadDigest) throw new DomainError('UPLOAD_FINALIZED', { upload: uploadId, pack: pack.name });
    if (pack.state !== 'validating') return pack;
    await this.decide.execute(pack.id, await this.validate.execute(signed.manifest));
    return this.#found(pack.id);
  }

  async #packOf(upload: Upload, signed: SignedManifest, envelope: Uint8Array): Promise<Pack> {
    if (upload.expireTime <= this.clock()) throw new DomainError('UPLOAD_EXPIRED', { upload: upload.id });
    const missing = await missingDigests(this.uploads, upload);
    if (missing.length > 0) throw new DomainError('UPLOAD_INCOMPLETE', { missing: String(missing.length), first: missing.slice(0, 8).join(' ') });
    const { sha256: manifestSha256 } = await this.blobs.put(envelope);
    const pack = newPack(this.ids(), upload, signed, manifestSha256, this.clock());
    return this.transactions.tx(async (tx) => {
      const live = await this.packs.findLive(pack.name, tx);
      if (live && live.payloadDigest !== pack.payloadDigest) throw new DomainError('PACK_VERSION_EXISTS', { pack: pack.name, existing: live.payloadDigest });
      const isNew = await this.packs.insert(tx, pack);
      const stored = isNew ? pack : await this.packs.findByContent(pack.name, pack.payloadDigest, tx);
      if (!stored) throw new DomainError('DATABASE_CONTENDED', { pack: pack.name });
      await this.uploads.setPack(tx, upload.id, stored.id);
      return stored;
    });
  }

  async #found(id: string): Promise<Pack> {
    const pack = await this.packs.find(id);
    if (!pack) throw new DomainError('PACK_NOT_FOUND', { id });
    return pack;
  }
}

function newPack(id: string, { tenant, namespaceId }: Upload, { manifest, payloadDigest, key }: SignedManifest, manifestSha256: string, createTime: Date): Pack {
  const { kind, licence, visibility } = manifest;
  const files = manifest.files.map(({ path, sha256, sizeBytes, format }) => ({ path, sha256, sizeBytes, format, role: undefined, gnuBuildId: undefined, goBuildId: undefined, hasDebugInfo: false }));
  return {
    id,
    name: packNameOf(manifest),
    namespaceId,
    tenant,
    kind,
    licence,
    visibility,
    state: 'validating',
    files,
    findings: [],
    manifestSha256,
    payloadDigest,
    keyFingerprint: key.fingerprint,
    createTime,
    publishTime: undefined,
  };
}
