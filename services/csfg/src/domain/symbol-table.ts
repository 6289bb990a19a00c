import type { NormalisedTrace, ResolvedAddress, SymbolResolver } from '@stella/stack-fingerprint';
import { symboliseTrace } from '@stella/stack-fingerprint';

/** An address in a module: its build id, and the virtual address as linked (`0x` and hexadecimal). */
export interface CodeLocation {
  readonly gnuBuildId: string;
  readonly moduleOffset: string;
}

/** What a pack says about an address. */
export interface Symbol extends CodeLocation {
  readonly address: ResolvedAddress;
  /** The file that the names are from. */
  readonly sourceSha256: string;
}

/** Symbols by address. */
export class SymbolTable {
  readonly #symbols = new Map<string, Symbol>();

  constructor(symbols: Iterable<Symbol> = []) {
    for (const symbol of symbols) this.#symbols.set(keyOf(symbol), symbol);
  }

  get size(): number {
    return this.#symbols.size;
  }

  /** Those of both; the other's where both know an address. */
  with(other: SymbolTable): SymbolTable {
    return new SymbolTable([...this.symbols(), ...other.symbols()]);
  }

  symbols(): Iterable<Symbol> {
    return this.#symbols.values();
  }

  readonly resolve: SymbolResolver = (gnuBuildId, moduleOffset) => this.#symbols.get(keyOf({ gnuBuildId, moduleOffset }))?.address;
}

/** The addresses that a trace would have looked up. */
export function unnamedLocations(trace: NormalisedTrace): readonly CodeLocation[] {
  const wanted = new Map<string, CodeLocation>();
  symboliseTrace(trace, (gnuBuildId, moduleOffset) => {
    const location = { gnuBuildId, moduleOffset };
    wanted.set(keyOf(location), location);
    return undefined;
  });
  return [...wanted.values()];
}

function keyOf({ gnuBuildId, moduleOffset }: CodeLocation): string {
  return `${gnuBuildId}+${moduleOffset}`;
}
