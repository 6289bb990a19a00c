import { type HeaderFacts, modulePaths, toolchainFacts } from './toolchain.js';

const header: HeaderFacts = {
  toolchain: { name: 'go', version: 'go1.20.5' },
  gnuBuildId: null,
  goBuildId: 'a/b',
  goBuildInfo: { goVersion: 'go1.20.5', main: { path: 'example.org/app' }, dependencies: [{ path: 'golang.org/x/sys' }, { path: 'example.org/app' }, { path: '' }] },
};

test('what the file says, and nothing where it says nothing', () => {
  expect(toolchainFacts(header, 100)).toEqual({ name: 'go', version: 'go1.20.5', gnuBuildId: '', goBuildId: 'a/b', goVersion: 'go1.20.5', mainModule: 'example.org/app' });
  expect(modulePaths(header, 100)).toEqual(['example.org/app', 'golang.org/x/sys']);
  expect(modulePaths({ ...header, goBuildInfo: null }, 100)).toEqual([]);
});

test('words of a hostile file are cut and well-formed', () => {
  const hostile = { ...header, toolchain: { name: 'x'.repeat(10_000), version: `v${'\u{10000}'.repeat(50)}` } };
  const facts = toolchainFacts(hostile, 100);
  expect(facts.name).toHaveLength(100);
  expect(facts.version.isWellFormed()).toBe(true);
});
