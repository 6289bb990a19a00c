import type { BuildIndex } from '../domain/build-index.js';
import { audienceOf, type Pack } from '../domain/pack.js';
import { limits } from '../limits.js';
import type { MarketplaceFacts, PackRepository } from './ports.js';

/** Keeps what the hot path has in memory as it is in the database, whichever process published. */
export class FollowPublications {
  #publication = 0n;
  #countedMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(
    private readonly packs: PackRepository,
    private readonly index: BuildIndex,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  /** Everything that was published before the call is in the index when it resolves. Those who ask at once look once. */
  catchUp(): Promise<void> {
    this.#queued ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined;
        this.#running = this.#read();
        return this.#running;
      });
    return this.#queued;
  }

  /** Nothing is read any more. */
  async idle(): Promise<void> {
    await (this.#queued ?? this.#running).catch(() => undefined);
  }

  async #read(): Promise<void> {
    const isFirst = this.#publication === 0n;
    let isNew = isFirst;
    for await (const { publication, audience, file } of this.packs.publishedBuildFiles(this.#publication)) {
      this.index.add(audience, file);
      this.#publication = publication;
      isNew = true;
    }
    if (isNew) this.facts.indexed(this.index.size);
    const nowMs = this.clock().getTime();
    // Another process's packs in other states are not announced.
    if (!isNew && nowMs < this.#countedMs + limits.packCountIntervalMs) return;
    this.#countedMs = nowMs;
    this.facts.packsByState(await this.packs.countByState());
  }
}

export function addToIndex(index: BuildIndex, pack: Pack): void {
  for (const { role, ...file } of pack.files) {
    if (role !== undefined) index.add(audienceOf(pack), { ...file, role, pack: pack.name });
  }
}
