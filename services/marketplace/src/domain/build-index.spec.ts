import { type BuildClaim, claimConflicts, distinctiveIds } from './build-claim.js';
import { type BuildFile, BuildIndex, fileOf } from './build-index.js';

const ID = '0123456789abcdef0123';
const file = (changes: Partial<BuildFile> = {}): BuildFile => ({
  pack: 'namespaces/a/packs/b/versions/1.0.0',
  path: 'bin/a',
  sha256: 'a'.repeat(64),
  sizeBytes: 1,
  format: 'elf-executable',
  role: 'executable',
  gnuBuildId: ID,
  goBuildId: undefined,
  hasDebugInfo: false,
  ...changes,
});

test('a tenant finds its own build first, another tenant the public one, and the public only that', () => {
  const index = new BuildIndex();
  index.add('tenant:acme', file({ sha256: 'b'.repeat(64) }));
  expect([index.find(ID, 'acme')?.length, index.find(ID, 'other'), index.find(ID)]).toEqual([1, undefined, undefined]);
  index.add('public', file());
  expect([index.find(ID, 'acme'), index.find(ID, 'other'), index.find(ID.toUpperCase())].map((build) => build?.[0]?.sha256[0])).toEqual(['b', 'a', 'a']);
});

test('a file with code and debug information stands in for what is missing', () => {
  const [code, debug, full] = [file(), file({ role: 'debuginfo', hasDebugInfo: true }), file({ role: 'full', hasDebugInfo: true })];
  expect(fileOf([full, code], 'executable')).toBe(code);
  expect(fileOf([full, code], 'debuginfo')).toBe(full);
  expect(fileOf([full, debug], 'debuginfo')).toBe(debug);
  expect(fileOf([code], 'debuginfo')).toBeUndefined();
});

test.each([
  [ID, undefined, 1],
  ['00'.repeat(20), undefined, 0],
  ['1234', undefined, 0],
  [undefined, 'redacted', 0],
  [undefined, '5mG8b-U_Y8GsZQR2q5ry/wGp1sjSV2ArFW60YldXT', 1],
])('build ids %s and %s stand for %i builds', (gnuBuildId, goBuildId, count) => {
  expect(distinctiveIds({ gnuBuildId, goBuildId })).toHaveLength(count);
  const index = new BuildIndex();
  index.add('public', file({ gnuBuildId, goBuildId }));
  expect(index.size).toBe(count);
});

test('a claim conflicts with other bytes of its role, and with the owner of the build', () => {
  const claim = (changes: Partial<BuildClaim>): BuildClaim => ({ kind: 'gnu-build-id', value: ID, role: 'executable', sha256: 'a', tenant: 'acme', ...changes });
  const known = [claim({})];
  expect(claimConflicts([claim({}), claim({ tenant: 'other' }), claim({ role: 'debuginfo', sha256: 'b' })], known)).toEqual([]);
  expect(claimConflicts([claim({ sha256: 'b' })], known)).toHaveLength(1);
  expect(claimConflicts([claim({ role: 'debuginfo', sha256: 'b', tenant: 'other' })], known)).toHaveLength(1);
  expect(claimConflicts([claim({ value: 'x', sha256: '1' }), claim({ value: 'x', sha256: '2' })], [])).toHaveLength(1);
});
