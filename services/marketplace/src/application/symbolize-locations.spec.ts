import { DomainError } from '@stella/errors';
import { type BuildFile, BuildIndex } from '../domain/build-index.js';
import type { MarketplaceFacts, SymbolPlace, Symbolizer } from './ports.js';
import { SymbolCache } from './symbol-cache.js';
import { SymbolizeLocations } from './symbolize-locations.js';

const ID = '0123456789abcdef0123';
const facts = { lookedUp: () => undefined, symbolizationFailed: () => undefined } as unknown as MarketplaceFacts;
const place = (functionName: string): SymbolPlace => ({ functionName, file: undefined, line: undefined });

/** Files by digest with their names by address; `undefined`: it cannot be read. */
class FakeSymbolizer implements Symbolizer {
  readonly asked: string[] = [];

  constructor(private readonly files: Record<string, Record<string, string> | undefined>) {}

  async symbolize(sha256: string, addresses: readonly bigint[]): Promise<(SymbolPlace | undefined)[]> {
    this.asked.push(`${sha256}: ${addresses.join(' ')}`);
    const names = this.files[sha256];
    if (!names) throw new DomainError('NATIVE_TIMEOUT');
    return addresses.map((address) => (names[String(address)] === undefined ? undefined : place(names[String(address)] ?? '')));
  }
}

function setUp(files: Record<string, Record<string, string> | undefined>, entriesMax = 100) {
  const index = new BuildIndex();
  const file: BuildFile = { pack: 'p', path: 'a', sha256: 'code', sizeBytes: 1, format: 'elf-executable', role: 'executable', gnuBuildId: ID, goBuildId: undefined, hasDebugInfo: false };
  index.add('public', file);
  index.add('public', { ...file, sha256: 'debug', role: 'debuginfo', hasDebugInfo: true });
  const symbolizer = new FakeSymbolizer(files);
  const use = new SymbolizeLocations(index, symbolizer, new SymbolCache(entriesMax), facts, () => 0n);
  const ask = (...addresses: bigint[]) => use.execute('acme', addresses.map((address) => ({ buildId: ID, address })));
  return { symbolizer, ask };
}

test('asks the debug information first, the code for what is left, and neither twice', async () => {
  const { symbolizer, ask } = setUp({ debug: { 1: 'one' }, code: { 1: 'wrong', 2: 'two' } });
  const answers = await ask(1n, 2n, 3n, 1n);
  expect(answers).toEqual([
    { place: place('one'), sourceSha256: 'debug' },
    { place: place('two'), sourceSha256: 'code' },
    { missingReason: 'NO_SYMBOL' },
    { place: place('one'), sourceSha256: 'debug' },
  ]);
  expect(await ask(3n, 2n, 1n)).toEqual([answers[2], answers[1], answers[0]]);
  expect(symbolizer.asked).toEqual(['debug: 1 2 3', 'code: 2 3']);
});

test('a file that could not be asked is not a file without the name, and is asked again', async () => {
  const { symbolizer, ask } = setUp({ debug: undefined, code: {} });
  for (let time = 0; time < 2; time++) expect(await ask(1n)).toEqual([{ missingReason: 'NATIVE_TIMEOUT' }]);
  expect(symbolizer.asked).toEqual(['debug: 1', 'code: 1', 'debug: 1']);
});

test('what is kept has a limit, and what was asked for last stays', () => {
  const cache = new SymbolCache(2);
  cache.set('a', 1n, place('one'));
  cache.set('a', 2n, undefined);
  expect(cache.get('a', 1n)).toEqual(place('one'));
  cache.set('a', 3n, place('three'));
  expect([cache.get('a', 2n), cache.get('a', 1n), cache.size]).toEqual([undefined, place('one'), 2]);
});
