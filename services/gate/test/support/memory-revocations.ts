import type { Revocation } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { ListDraft, RevocationRepository, SignedList } from '../../src/application/repositories.js';
import { limits } from '../../src/limits.js';

/** What was taken back, in memory. */
export class MemoryRevocations implements RevocationRepository {
  readonly lists = new Map<string, SignedList>();
  readonly #entries = new Map<string, Revocation[]>();
  #last: Promise<unknown> = Promise.resolve();

  entriesOf(tenant: string): Revocation[] {
    const known = this.#entries.get(tenant) ?? [];
    this.#entries.set(tenant, known);
    return known;
  }

  async last(tenant: string): Promise<SignedList | undefined> {
    return this.lists.get(tenant);
  }

  async isWhole(tenant: string, { entriesDigest, forgottenBefore }: SignedList): Promise<boolean> {
    return this.#digest(tenant, forgottenBefore) === entriesDigest;
  }

  next(tenant: string, forgottenBefore: Date, willDo: (list: SignedList) => boolean, sign: (draft: ListDraft) => Promise<SignedList>): Promise<SignedList> {
    const done = this.#last.then(async () => {
      const last = this.lists.get(tenant);
      if (last && willDo(last) && (await this.isWhole(tenant, last))) return last;
      const entries = this.#since(tenant, forgottenBefore).slice(0, limits.revocationsListedMax + 1);
      const list = await sign({ version: (last?.version ?? 0) + 1, entries, entriesDigest: this.#digest(tenant, forgottenBefore) });
      this.lists.set(tenant, list);
      return list;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async add(_: Tx, tenant: string, entry: Revocation): Promise<void> {
    const entries = this.entriesOf(tenant);
    const at = entries.findIndex(({ kind, id }) => kind === entry.kind && id === entry.id);
    const known = entries[at];
    if (known === undefined) entries.push(entry);
    else if (known.at < entry.at) entries[at] = entry;
  }

  #since(tenant: string, time: Date): readonly Revocation[] {
    return this.entriesOf(tenant).filter(({ kind, at }) => kind === 'key' || kind === 'policy' || at > time);
  }

  #digest(tenant: string, since: Date): string {
    return JSON.stringify(this.#since(tenant, since));
  }
}
