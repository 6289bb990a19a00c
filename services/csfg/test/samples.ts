import { readFileSync } from 'node:fs';
import type { ResolvedAddress } from '@stella/stack-fingerprint';
import type { SymbolSource } from '../src/application/ports.js';
import { SymbolTable } from '../src/domain/symbol-table.js';

/** What real programs printed when they failed, and how a real one was unwound. */
const DATA = new URL('../../../libs/stack-fingerprint/test/data/', import.meta.url);

export function sampleText(name: string): string {
  return readFileSync(new URL(name, DATA), 'utf8');
}

interface SymbolFile {
  readonly gnuBuildId: string;
  readonly symbols: Record<string, ResolvedAddress>;
}

export function symbolFile(name: string): SymbolFile {
  return JSON.parse(sampleText(name)) as SymbolFile;
}

/** Published packs: what is added is known from then on. */
export class PublishedSymbols implements SymbolSource {
  readonly #files = new Map<string, SymbolFile>();
  /** How often somebody asked. */
  asked = 0;
  /** What the next look-ups fail with. */
  failures: Error[] = [];

  publish(file: SymbolFile): void {
    this.#files.set(file.gnuBuildId, file);
  }

  async lookUp(locations: Parameters<SymbolSource['lookUp']>[0]): Promise<SymbolTable> {
    this.asked += 1;
    const failure = this.failures.shift();
    if (failure) throw failure;
    return new SymbolTable(
      locations.flatMap((location) => {
        const address = this.#files.get(location.gnuBuildId)?.symbols[location.moduleOffset];
        return address ? [{ ...location, address, sourceSha256: 'ab'.repeat(32) }] : [];
      }),
    );
  }
}
