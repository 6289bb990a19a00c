import type { MarketplaceServiceService, SymbolizedLocation } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ResolvedAddress, SourcePlace } from '@stella/stack-fingerprint';
import type { SymbolSource } from '../application/ports.js';
import { type CodeLocation, type Symbol, SymbolTable } from '../domain/symbol-table.js';
import { limits } from '../limits.js';

const FUNCTION_CHARS_MAX = 8_192;

/** Names from the marketplace's published packs. */
export class MarketplaceSymbols implements SymbolSource {
  constructor(private readonly marketplace: Pick<GrpcClient<typeof MarketplaceServiceService>, 'symbolize'>) {}

  async lookUp(locations: readonly CodeLocation[], signal: AbortSignal): Promise<SymbolTable> {
    const symbols: Symbol[] = [];
    for (let start = 0; start < locations.length; start += limits.symbolLocationsMax) {
      const batch = locations.slice(start, start + limits.symbolLocationsMax);
      const request = { locations: batch.map(({ gnuBuildId, moduleOffset }) => ({ buildId: gnuBuildId, offset: BigInt(moduleOffset) })) };
      const { locations: answers } = await this.marketplace.symbolize(request, { signal, deadlineMs: limits.symbolizeTimeoutMs });
      batch.forEach((location, at) => {
        const address = toAddress(answers[at]);
        if (address) symbols.push({ ...location, address, sourceSha256: answers[at]?.sourceSha256 ?? '' });
      });
    }
    return new SymbolTable(symbols);
  }
}

/** A name that is none is as good as no name: one bad pack must not keep the others' names away. */
function toAddress(answer: SymbolizedLocation | undefined): ResolvedAddress | undefined {
  const places = (answer?.frames ?? []).map(({ functionName, file, line }): SourcePlace => ({
    function: functionName,
    ...(file !== '' && { file }),
    ...(line > 0 && { line }),
  }));
  const outermost = places.pop();
  if (!outermost || ![outermost, ...places].every(isName)) return undefined;
  return { ...outermost, inlined: places };
}

function isName({ function: name }: SourcePlace): boolean {
  return name !== '' && name.length <= FUNCTION_CHARS_MAX && !/[\u0000-\u001f]/.test(name);
}
