import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { encodeTlogProof } from '@stella/transparency-log';
import { agreeingPartners } from '../domain/cross-verification.js';
import { limits } from '../limits.js';
import type { LogView } from './log-view.js';
import type { EntryPosition, EntryRepository, FederationFacts, ForeignRepository, KeptVerification, LoggedEntry, OwnNode, SubjectIndex, VerificationRepository } from './ports.js';

/** An entry with what proves it and what others found. */
export interface ProvenEntry {
  readonly origin: string;
  readonly index: number;
  readonly record: Uint8Array;
  readonly payloadDigest: string;
  readonly predicateType: string;
  /** When it was logged here, or, of a foreign one, verified here. */
  readonly time: Date;
  readonly proof: Uint8Array;
  readonly verifications: readonly (KeptVerification & { readonly envelope: Uint8Array | undefined })[];
  readonly agreeingPartners: number;
}

type Unverified = Omit<ProvenEntry, 'verifications' | 'agreeingPartners'>;

/** Reads entries, own and foreign, of the caller's tenant. */
export class ReadEntries {
  constructor(
    private readonly own: OwnNode,
    private readonly entries: EntryRepository,
    private readonly foreign: ForeignRepository,
    private readonly subjects: SubjectIndex,
    private readonly verifications: VerificationRepository,
    private readonly log: LogView,
    private readonly blobs: BlobStore,
    private readonly facts: FederationFacts,
  ) {}

  /** @throws DomainError `ENTRY_NOT_FOUND` */
  async one(tenant: string, key: { readonly payloadDigest: string } | { readonly index: number }): Promise<ProvenEntry> {
    const entry = await this.entries.find(tenant, key);
    if (entry) return this.prove(tenant, entry);
    const foreign = 'payloadDigest' in key ? await this.foreign.withPayload(tenant, key.payloadDigest) : undefined;
    const [proven] = foreign ? await this.#verified(tenant, await this.#all(tenant, [foreign])) : [];
    if (!proven) throw new DomainError('ENTRY_NOT_FOUND', 'index' in key ? { index: String(key.index) } : { payload: key.payloadDigest });
    return proven;
  }

  async prove(tenant: string, entry: LoggedEntry): Promise<ProvenEntry> {
    const [proven] = await this.#verified(tenant, [await this.#ofOwn(entry)]);
    return proven as ProvenEntry;
  }

  /** What is known about a subject. */
  async page(tenant: string, subject: string, after: EntryPosition | undefined, pageSize: number): Promise<{ readonly entries: readonly ProvenEntry[]; readonly next: EntryPosition | undefined }> {
    const startMs = performance.now();
    const size = Math.min(pageSize || limits.pageSizeDefault, limits.pageSizeMax);
    const found = await this.subjects.occurrences(tenant, subject, after, size + 1);
    const page = found.slice(0, size);
    const entries = await this.#verified(tenant, await this.#all(tenant, page));
    this.facts.queried((performance.now() - startMs) / 1000);
    return { entries, next: found.length > size ? page.at(-1) : undefined };
  }

  async #all(tenant: string, positions: readonly EntryPosition[]): Promise<Unverified[]> {
    const proven: Unverified[] = [];
    for (const position of positions) {
      const own = position.origin === this.own.origin ? await this.entries.find(tenant, { index: position.index }) : undefined;
      const one = own ? await this.#ofOwn(own) : await this.#ofForeign(tenant, position);
      if (one) proven.push(one);
    }
    return proven;
  }

  async #ofOwn(entry: LoggedEntry): Promise<Unverified> {
    const { origin, index, record, payloadDigest, predicateType, logTime } = entry;
    return { origin, index, record, payloadDigest, predicateType, time: logTime, proof: await this.log.prove(index) };
  }

  async #ofForeign(tenant: string, { origin, index }: EntryPosition): Promise<Unverified | undefined> {
    const entry = await this.foreign.find(tenant, origin, index);
    const checkpoint = entry && (await this.foreign.checkpoint(entry.peeringId, entry.treeSize));
    if (!entry || !checkpoint) return undefined;
    const proof = encodeTlogProof({ index, inclusion: entry.inclusion, checkpoint });
    return { origin, index, record: entry.record, payloadDigest: entry.payloadDigest ?? '', predicateType: entry.predicateType, time: entry.verifyTime, proof };
  }

  async #verified(tenant: string, entries: readonly Unverified[]): Promise<ProvenEntry[]> {
    const known = await this.verifications.of(tenant, entries.map(({ payloadDigest }) => payloadDigest));
    const envelopes = new Map(await Promise.all(known.map(async ({ envelopeSha256 }) => [envelopeSha256, await this.#envelope(envelopeSha256)] as const)));
    return entries.map((entry) => {
      const about = known.filter(({ payloadDigest }) => payloadDigest === entry.payloadDigest);
      return {
        ...entry,
        verifications: about.map((one) => ({ ...one, envelope: envelopes.get(one.envelopeSha256) })),
        agreeingPartners: agreeingPartners(about, this.own.organisation, this.own.keys),
      };
    });
  }

  async #envelope(sha256: string): Promise<Uint8Array | undefined> {
    try {
      return await this.blobs.bytes(sha256, limits.envelopeBytesMax);
    } catch (error) {
      if (isDomainError(error, 'BLOB_NOT_FOUND')) return undefined;
      throw error;
    }
  }
}
