import { isDomainError } from '@stella/errors';
import { hashLeaf, parseDigestRecord, readVerifiedEntries, TileTree, verifyInclusion } from '@stella/transparency-log';
import type { Peering } from '../domain/peering.js';
import { limits } from '../limits.js';
import type { Followed } from './follow-peer.js';
import type { ForeignEntry, ForeignRepository, PeeringRepository, Transactions } from './ports.js';

/** Stores a peer's new entries, each verified to be in the accepted tree, with the proof of it. */
export class StoreEntries {
  constructor(
    private readonly transactions: Transactions,
    private readonly peerings: PeeringRepository,
    private readonly foreign: ForeignRepository,
    private readonly clock: () => Date,
  ) {}

  /**
   * @returns the size up to which entries are stored, and how many are new
   * @throws DomainError `TLOG_PROOF_INVALID`, `TLOG_TILE_INVALID`, `TLOG_TILE_MISSING`
   */
  async execute(peering: Peering, { latest, note, tiles }: Followed): Promise<{ readonly verifiedSize: number; readonly entriesNew: number }> {
    const { size, rootHash } = latest.checkpoint;
    const end = Math.min(size, peering.verifiedSize + limits.pullEntriesMax);
    const tree = new TileTree(tiles, size);
    let from = peering.verifiedSize;
    while (from < end) {
      const to = Math.min(end, from - (from % limits.pullChunkEntries) + limits.pullChunkEntries);
      const records = await readVerifiedEntries(tiles, latest, { from, to });
      const entries = await Promise.all(
        records.map(async (record, offset) => {
          const index = from + offset;
          const inclusion = await tree.inclusionProof(index);
          verifyInclusion({ index, size, leafHash: hashLeaf(record), root: rootHash }, inclusion);
          return this.#entry(peering, index, record, size, inclusion);
        }),
      );
      const isOurs = await this.transactions.tx(async (tx) => {
        if (!(await this.peerings.advance(tx, peering.id, from, to))) return false;
        await this.foreign.saveCheckpoint(tx, peering.id, size, note);
        await this.foreign.insert(tx, entries);
        return true;
      });
      // Another process follows the same log: what it stored is as good.
      if (!isOurs) break;
      from = to;
    }
    return { verifiedSize: from, entriesNew: from - peering.verifiedSize };
  }

  #entry(peering: Peering, index: number, record: Uint8Array, treeSize: number, inclusion: readonly Uint8Array[]): ForeignEntry {
    const read = readRecord(record);
    return {
      peeringId: peering.id,
      tenant: peering.tenant,
      origin: peering.origin,
      index,
      record,
      payloadDigest: read?.payloadDigest,
      predicateType: read?.predicateType ?? '',
      subjects: read?.subjects ?? [],
      treeSize,
      inclusion,
      verifyTime: this.clock(),
      payloadState: read && read.disclosure !== 'digest' ? 'wanted' : 'none',
      envelopeSha256: undefined,
      checkAttempts: 0,
    };
  }
}

/** A log may carry entries of other kinds; they are kept and mean nothing here. */
function readRecord(record: Uint8Array) {
  try {
    return parseDigestRecord(record);
  } catch (error) {
    if (isDomainError(error, 'TLOG_RECORD_INVALID')) return undefined;
    throw error;
  }
}
