import type { BuildIndex } from '../domain/build-index.js';
import { audienceOf, type Pack } from '../domain/pack.js';
import type { MarketplaceFacts, PackRepository } from './ports.js';

/** Rebuilds what the hot path keeps in memory. */
export class LoadIndex {
  constructor(
    private readonly packs: PackRepository,
    private readonly index: BuildIndex,
    private readonly facts: MarketplaceFacts,
  ) {}

  async execute(): Promise<void> {
    for await (const { audience, file } of this.packs.publishedBuildFiles()) this.index.add(audience, file);
    this.facts.indexed(this.index.size);
    this.facts.packsByState(await this.packs.countByState());
  }
}

export function addToIndex(index: BuildIndex, pack: Pack): void {
  for (const { role, ...file } of pack.files) {
    if (role !== undefined) index.add(audienceOf(pack), { ...file, role, pack: pack.name });
  }
}
