import { readFileSync } from 'node:fs';
import { analyseStack, type AnalysedStack, type ResolvedAddress, type SymbolResolver } from '../src/index.js';

const DATA = new URL('data/', import.meta.url);

export function sampleText(name: string): string {
  return readFileSync(new URL(name, DATA), 'utf8');
}

export function sample(name: string): AnalysedStack {
  return analyseStack(sampleText(name));
}

/** A resolver over what addr2line answered for the unstripped build. */
export function sampleSymbols(name: string): SymbolResolver {
  const pack = JSON.parse(sampleText(name)) as {
    gnuBuildId: string;
    symbols: Record<string, ResolvedAddress>;
  };
  return (gnuBuildId, offset) => (gnuBuildId === pack.gnuBuildId ? pack.symbols[offset] : undefined);
}
