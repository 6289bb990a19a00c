import { isDomainError } from '@stella/errors';
import { type Build, type BuildFile, type BuildIndex, fileOf } from '../domain/build-index.js';
import type { MarketplaceFacts, SymbolPlace, Symbolizer } from './ports.js';
import type { SymbolCache } from './symbol-cache.js';

export interface CodeLocation {
  readonly buildId: string;
  /** The virtual address as linked. */
  readonly address: bigint;
}

export type SymbolAnswer =
  | { readonly place: SymbolPlace; readonly sourceSha256: string }
  /** BUILD_ID_UNKNOWN; NO_SYMBOL: the published files name nothing there; else why they could not be asked. */
  | { readonly missingReason: string };

/** Names for addresses from published packs that the tenant sees. */
export class SymbolizeLocations {
  constructor(
    private readonly index: BuildIndex,
    private readonly symbolizer: Symbolizer,
    private readonly cache: SymbolCache,
    private readonly facts: MarketplaceFacts,
    private readonly nowNs: () => bigint,
  ) {}

  /** Answers in the order asked. One build that cannot be read does not keep the names of others away. */
  async execute(tenant: string, locations: readonly CodeLocation[], signal?: AbortSignal): Promise<readonly SymbolAnswer[]> {
    const byBuild = new Map<string, CodeLocation[]>();
    for (const location of locations) byBuild.set(location.buildId, [...(byBuild.get(location.buildId) ?? []), location]);
    const answers = new Map<CodeLocation, SymbolAnswer>();
    for (const [buildId, asked] of byBuild) {
      const start = this.nowNs();
      const found = await this.#build(this.index.find(buildId, tenant), asked, signal);
      asked.forEach((location, at) => answers.set(location, found[at] ?? { missingReason: 'NO_SYMBOL' }));
      this.facts.lookedUp('symbolize', found.some((answer) => 'place' in answer), Number(this.nowNs() - start) / 1e9);
    }
    return locations.map((location) => answers.get(location) ?? { missingReason: 'NO_SYMBOL' });
  }

  async #build(build: Build | undefined, asked: readonly CodeLocation[], signal?: AbortSignal): Promise<readonly SymbolAnswer[]> {
    if (!build) return asked.map(() => ({ missingReason: 'BUILD_ID_UNKNOWN' }));
    const answers: SymbolAnswer[] = asked.map(() => ({ missingReason: 'NO_SYMBOL' }));
    for (const file of filesToAsk(build)) {
      const open = asked.flatMap(({ address }, at) => (answers[at] && 'place' in answers[at] ? [] : [{ address, at }]));
      if (open.length === 0) break;
      const failure = await this.#ask(file, open.map(({ address }) => address), signal);
      for (const { address, at } of open) {
        const place = this.cache.get(file.sha256, address);
        if (place) answers[at] = { place, sourceSha256: file.sha256 };
        else if (failure !== undefined) answers[at] = { missingReason: failure };
      }
    }
    return answers;
  }

  /** Brings what a file says of addresses into the cache; gives the reason where it could not be read. */
  async #ask({ sha256 }: BuildFile, addresses: readonly bigint[], signal?: AbortSignal): Promise<string | undefined> {
    const unknown = [...new Set(addresses)].filter((address) => this.cache.get(sha256, address) === undefined);
    if (unknown.length === 0) return undefined;
    try {
      const places = await this.symbolizer.symbolize(sha256, unknown, signal);
      unknown.forEach((address, at) => this.cache.set(sha256, address, places[at]));
      return undefined;
    } catch (error) {
      this.facts.symbolizationFailed(sha256, error);
      return isDomainError(error) ? error.reason : 'INTERNAL';
    }
  }
}

/** Debug information knows more than a table of symbols, which is what an executable may have left. */
function filesToAsk(build: Build): readonly BuildFile[] {
  const files = [fileOf(build, 'debuginfo'), fileOf(build, 'executable')];
  return [...new Set(files.filter((file) => file !== undefined))];
}
