import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { toLoggable } from '../domain/evidence.js';
import { limits } from '../limits.js';
import type { LogSequencer } from './log-sequencer.js';
import type { EntryRepository, LoggedEntry, OwnNode } from './ports.js';

/** Logs evidence; the same evidence is the same entry, whoever sends it and however often. */
export class AppendEntry {
  constructor(
    private readonly own: OwnNode,
    private readonly blobs: BlobStore,
    private readonly entries: EntryRepository,
    private readonly sequencer: LogSequencer,
  ) {}

  /**
   * Resolves when a signed checkpoint covers it.
   * @throws DomainError `EVIDENCE_INVALID`, `ENTRY_TOO_LARGE`, `REQUEST_ID_REUSED`, `LOG_BUSY`, `LOG_ROLLED_BACK`
   */
  async execute(tenant: string, envelope: Uint8Array, requestId?: string): Promise<LoggedEntry> {
    const { envelope: _bytes, ...evidence } = toLoggable(envelope, this.own.organisation, limits.envelopeBytesMax);
    if (requestId !== undefined) {
      const earlier = await this.entries.claimRequest(tenant, requestId, evidence);
      if (earlier !== undefined && earlier !== evidence.envelopeSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
    }
    const known = await this.entries.find(tenant, { payloadDigest: evidence.payloadDigest });
    if (known) return known;
    await this.blobs.put(envelope, { expectedSha256: evidence.envelopeSha256 });
    return this.sequencer.append({ ...evidence, tenant });
  }
}
