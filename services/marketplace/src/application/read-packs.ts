import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { isVisibleTo, type Pack, type PackFile } from '../domain/pack.js';
import { limits } from '../limits.js';
import type { MarketplaceFacts, PackPosition, PackRepository } from './ports.js';
import { inChunks, readProved } from './read-blob.js';

export interface PackPage {
  readonly packs: readonly Pack[];
  readonly next: PackPosition | undefined;
}

const HEX_ID = /^[0-9a-f]{8,128}$/i;
/** Four base64url parts, as the linker of Go makes them. */
const GO_ID = /^[\w-]{8,64}(?:\/[\w-]{8,64}){1,3}$/;

/** What a tenant sees of packs: its own, and those that are published for everybody. */
export class ReadPacks {
  constructor(
    private readonly packs: PackRepository,
    private readonly blobs: BlobStore,
    private readonly facts: MarketplaceFacts,
  ) {}

  /** @throws DomainError PACK_NOT_FOUND, also for what the tenant must not see */
  async one(tenant: string, name: string): Promise<Pack> {
    const pack = await this.packs.findByName(name);
    if (!pack || !isVisibleTo(pack, tenant)) throw new DomainError('PACK_NOT_FOUND', { pack: name });
    return pack;
  }

  /** The signed manifest, byte for byte. */
  envelopeOf({ manifestSha256 }: Pack): Promise<Uint8Array> {
    return this.blobs.bytes(manifestSha256, limits.envelopeBytesMax);
  }

  async search(tenant: string, query: string, after: PackPosition | undefined, pageSize: number): Promise<PackPage> {
    const size = Math.min(pageSize || limits.pageSizeDefault, limits.pageSizeMax);
    const text = query.trim();
    const isBuildId = HEX_ID.test(text) || GO_ID.test(text);
    const words = text.split(/\s+/).filter((word) => word !== '').slice(0, limits.searchWordsMax);
    const found = await this.packs.search({ tenant, words, buildId: isBuildId ? text : undefined, after, countMax: size + 1 });
    const packs = found.slice(0, size);
    const last = packs.at(-1);
    return { packs, next: found.length > size && last ? { createTime: last.createTime, id: last.id } : undefined };
  }

  /** A published file's bytes, in pieces. @throws DomainError PACK_NOT_FOUND, PACK_NOT_PUBLISHED, BLOB_DIGEST_MISMATCH */
  async *download(tenant: string, name: string, path: string): AsyncGenerator<Uint8Array> {
    const { sha256 } = await this.#publishedFile(tenant, name, path);
    yield* inChunks(readProved(this.blobs, this.facts, sha256), limits.chunkBytesMax);
  }

  async #publishedFile(tenant: string, name: string, path: string): Promise<PackFile> {
    const pack = await this.one(tenant, name);
    if (pack.state !== 'published') throw new DomainError('PACK_NOT_PUBLISHED', { pack: name, state: pack.state });
    const file = pack.files.find((candidate) => candidate.path === path);
    if (!file) throw new DomainError('PACK_NOT_FOUND', { pack: name, path });
    return file;
  }
}
