import { DomainError, isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { auditLog, equalHashes, planAppend, verifyCheckpoint } from '@stella/transparency-log';
import type { EntryRepository, FederationFacts, LoggedEntry, LogHead, NewEntry, OwnNode, SignedHead, TileStore, Transactions } from './ports.js';

/** Reasons that say that the stored log is not what was signed: nothing may be signed until somebody has looked. */
const BROKEN = new Set(['LOG_ROLLED_BACK', 'TLOG_STATE_MISMATCH', 'TLOG_TILE_INVALID', 'TLOG_TILE_MISSING', 'TLOG_NOTE_UNVERIFIED', 'TLOG_NOTE_MALFORMED', 'TLOG_CHECKPOINT_MALFORMED', 'TLOG_ORIGIN_MISMATCH']);

/**
 * Appends a batch in one transaction: entries, tiles, head and events are there together or not at all. The new
 * checkpoint leaves the process only by way of the database, so that one whose commit failed was never shown.
 */
export class AppendBatch {
  #stopped: DomainError | undefined;

  constructor(
    private readonly own: OwnNode,
    private readonly transactions: Transactions,
    private readonly tiles: TileStore,
    private readonly entries: EntryRepository,
    private readonly signedHead: SignedHead,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  /** Audits what is stored before anything is signed, and signs the empty tree of a new log. A broken log stays readable. */
  async open(): Promise<void> {
    try {
      const head = await this.tiles.head();
      await this.#requireNotRolledBack(head);
      if (head) {
        const { checkpoint } = verifyCheckpoint(head.checkpoint, { origin: this.own.origin, keys: [this.own.log.key] });
        await auditLog(this.tiles.reader(), checkpoint);
        if (!(await this.signedHead.read()) && head.size > 0) this.facts.headAdopted(head.size);
      }
      await this.execute([]);
    } catch (error) {
      if (!this.#stop(error)) throw error;
    }
  }

  /**
   * @returns the logged entries, in the order of the arguments
   * @throws DomainError `LOG_ROLLED_BACK`, `TLOG_STATE_MISMATCH`, those of the database
   */
  async execute(wanted: readonly NewEntry[]): Promise<LoggedEntry[]> {
    if (this.#stopped) throw this.#stopped;
    const startMs = performance.now();
    try {
      const { head, known, added } = await this.transactions.tx((tx) => this.#append(tx, wanted));
      await this.signedHead.record(head);
      if (added > 0) this.facts.signed(head.size, added, (performance.now() - startMs) / 1000);
      return wanted.map((entry) => known.get(keyOf(entry)) as LoggedEntry);
    } catch (error) {
      this.#stop(error);
      throw error;
    }
  }

  async #append(tx: Tx, wanted: readonly NewEntry[]): Promise<{ head: LogHead; known: Map<string, LoggedEntry>; added: number }> {
    await this.tiles.lock(tx);
    const before = await this.tiles.head(tx);
    await this.#requireNotRolledBack(before);
    const known = new Map((await this.entries.findMany(wanted, tx)).map((entry) => [keyOf(entry), entry]));
    const fresh = [...new Map(wanted.map((entry) => [keyOf(entry), entry])).values()].filter((entry) => !known.has(keyOf(entry)));
    if (before && fresh.length === 0) return { head: before, known, added: 0 };
    const plan = await planAppend({
      origin: this.own.origin,
      signer: this.own.log,
      reader: this.tiles.reader(tx),
      lastCheckpoint: before?.checkpoint,
      entries: fresh.map(({ record }) => record),
    });
    const at = this.clock();
    await this.tiles.advance(tx, before, plan, at);
    const placed = fresh.map((entry, offset) => ({ ...entry, index: plan.firstIndex + offset }));
    await this.entries.insert(tx, placed, at);
    for (const entry of placed) {
      await this.facts.entryLogged(tx, entry);
      known.set(keyOf(entry), { ...entry, origin: this.own.origin, logTime: at });
    }
    return { head: { ...plan.tree, checkpoint: plan.checkpoint.bytes }, known, added: placed.length };
  }

  async #requireNotRolledBack(head: LogHead | undefined): Promise<void> {
    const signed = await this.signedHead.read();
    if (!signed) return;
    const size = head?.size ?? 0;
    const isOther = head !== undefined && size === signed.size && !equalHashes(head.rootHash, signed.rootHash);
    if (size < signed.size || isOther) {
      throw new DomainError('LOG_ROLLED_BACK', { origin: this.own.origin, signedSize: String(signed.size), storedSize: String(size) });
    }
  }

  #stop(error: unknown): boolean {
    if (!isDomainError(error) || !BROKEN.has(error.reason)) return false;
    if (!this.#stopped) this.facts.signingStopped(error);
    this.#stopped ??= error;
    return true;
  }
}

function keyOf({ tenant, payloadDigest }: { readonly tenant: string; readonly payloadDigest: string }): string {
  return `${payloadDigest} ${tenant}`;
}
