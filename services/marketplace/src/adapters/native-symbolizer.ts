import { type Place, symbolize } from '@stella/native';
import type { BlobStore } from '@stella/platform-blobs';
import type { SymbolPlace, Symbolizer } from '../application/ports.js';
import { limits } from '../limits.js';
import type { Permits } from './permits.js';

/** Names from `stella-native symbolize`, a child process with caps for each call. */
export class NativeSymbolizer implements Symbolizer {
  constructor(
    private readonly blobs: BlobStore,
    private readonly permits: Permits,
  ) {}

  async symbolize(sha256: string, addresses: readonly bigint[], signal?: AbortSignal): Promise<readonly (SymbolPlace | undefined)[]> {
    const path = await this.blobs.localPath(sha256);
    const places = await this.permits.run(() => symbolize(path, addresses, { ...limits.symbolize, fileBytesMax: limits.fileSizeBytesMax, ...(signal && { signal }) }));
    return places.map(toPlace);
  }
}

function toPlace({ function: functionName, file, line }: Place): SymbolPlace | undefined {
  return functionName === undefined ? undefined : { functionName, file, line };
}
