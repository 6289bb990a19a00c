import type { SymbolizeRequest, SymbolizeResponse, SymbolizedFrame } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { limits } from '../limits.js';
import { MarketplaceSymbols } from './marketplace-symbols.js';

const signal = new AbortController().signal;
const frame = (functionName: string, file = '', line = 0, inlined = false): SymbolizedFrame => ({ functionName, file, line, inlined });

function marketplace(framesOf: (offset: bigint) => SymbolizedFrame[]) {
  const requests: SymbolizeRequest[] = [];
  const symbolize = async (request: SymbolizeRequest): Promise<SymbolizeResponse> => {
    requests.push(request);
    return {
      locations: request.locations.map((location) => {
        const frames = framesOf(location.offset);
        return { location, frames, missingReason: frames.length === 0 ? 'UNKNOWN_BUILD_ID' : '', sourceSha256: 'cd'.repeat(32) };
      }),
    };
  };
  return { requests, source: new MarketplaceSymbols({ symbolize }) };
}

const at = (offset: number) => ({ gnuBuildId: 'aa'.repeat(20), moduleOffset: `0x${offset.toString(16)}` });

test('the outermost function is the last frame; what was inlined comes before it', async () => {
  const { source, requests } = marketplace(() => [frame('inner', 'a.c', 3, true), frame('middle', 'a.c', 9, true), frame('outer', '', 0)]);
  const table = await source.lookUp([at(0x1234)], signal);
  expect(table.resolve('aa'.repeat(20), '0x1234')).toEqual({
    function: 'outer',
    inlined: [
      { function: 'inner', file: 'a.c', line: 3 },
      { function: 'middle', file: 'a.c', line: 9 },
    ],
  });
  expect(requests[0]?.locations).toEqual([{ buildId: 'aa'.repeat(20), offset: 0x1234n }]);
});

test('an unknown address, and one whose name is none, are left without a name', async () => {
  const names: Record<string, SymbolizedFrame[]> = { 1: [], 2: [frame('')], 3: [frame('a\nb')], 4: [frame('x'.repeat(8_193))], 5: [frame('good')] };
  const { source } = marketplace((offset) => names[String(offset)] ?? []);
  const table = await source.lookUp([1, 2, 3, 4, 5].map(at), signal);
  expect([...table.symbols()].map(({ moduleOffset }) => moduleOffset)).toEqual(['0x5']);
});

test('more addresses than one call may hold are asked for in several', async () => {
  const { source, requests } = marketplace((offset) => [frame(`f${offset}`)]);
  const table = await source.lookUp(Array.from({ length: limits.symbolLocationsMax + 1 }, (_, n) => at(n + 1)), signal);
  expect(requests.map(({ locations }) => locations.length)).toEqual([limits.symbolLocationsMax, 1]);
  expect(table.size).toBe(limits.symbolLocationsMax + 1);
  expect(table.resolve('aa'.repeat(20), `0x${(limits.symbolLocationsMax + 1).toString(16)}`)?.function).toBe(`f${limits.symbolLocationsMax + 1}`);
});
