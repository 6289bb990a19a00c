import { testIndex, testUnit, testUnits } from '../test/units.js';
import { indexRef, liftIndexPredicate, parseLiftIndex } from './index-root.js';

const index = testIndex('a', testUnits(testUnit('fn:f', 'four'), testUnit('residual#1', 'ab', { kind: 'residual' })));
const ref = indexRef(index.set, index.artifactSha256, index.lifter);
const predicate = liftIndexPredicate(ref, {
  artifactSizeBytes: 10,
  totals: { loadedBytes: 6, coveredBytes: 6, residualBytes: 2 },
  sidesSha256: 'cd'.repeat(32),
  toolchain: { name: 'gc', version: 'go1.20.5', gnuBuildId: '', goBuildId: 'x', goVersion: 'go1.20.5', mainModule: 'm' },
  liftedBy: 'https://example.org/node',
});

test('an index statement holds the root, the sums and who lifted, and comes back as it was', () => {
  expect(predicate.sums).toEqual({ units: 2, sizeBytes: 6, unresolved: 0, residualBytes: 2 });
  expect(predicate.root).toMatch(/^[0-9a-f]{64}$/);
  expect(parseLiftIndex(JSON.parse(JSON.stringify(predicate)))).toEqual(predicate);
});

test.each([
  ['bytes that no unit covers', { totals: { loadedBytes: 7, coveredBytes: 6, residualBytes: 2 } }],
  ['more coverage than the units hold', { totals: { loadedBytes: 7, coveredBytes: 7, residualBytes: 2 } }],
  ['more residual than the residual units hold', { totals: { loadedBytes: 6, coveredBytes: 6, residualBytes: 3 } }],
  ['more loaded than there is', { artifactSizeBytes: 5 }],
  ['an upper-case root', { root: predicate.root.toUpperCase() }],
  ['no digest of the side records', { sidesSha256: '' }],
  ['no lifter', { lifter: undefined }],
  ['a fraction', { artifactSizeBytes: 10.5 }],
  ['a member more', { more: 1 }],
  ['negative sums', { sums: { ...predicate.sums, units: -1 } }],
])('%s is refused', (_, change) => {
  expect(() => parseLiftIndex({ ...predicate, ...change })).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
});
