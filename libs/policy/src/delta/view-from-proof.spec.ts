import type { Leaf, VerifiedUnit } from '@stella/binary-delta';
import type { DeltaScope } from './delta-scope.js';
import { viewFromProof } from './view-from-proof.js';

const ROOT = 'ab'.repeat(32);
const toolchain = { name: 'go', version: 'go1.20.1', gnuBuildId: '', goBuildId: '', goVersion: 'go1.20.1', mainModule: 'example.org/app' };
const leaf = (refs: readonly string[], members: Partial<Leaf> = {}): Leaf => ({ e1: 'cd'.repeat(32), id: 'fn:f', kind: 'function', name: 'f', refs, residual: 0, size: 1, ...members });
const listed = (members: Partial<VerifiedUnit> = {}): VerifiedUnit => ({ class: 'reference-only', match: 'id', basis: 'declared', old: leaf(['var#1']), new: leaf([]), ...members });
const scope: DeltaScope = { oldRoot: ROOT, newRoot: ROOT, baselineFunctions: ['f'], candidateFunctionCount: 1, inPlace: [], sameCode: ['fn:f'], modulePaths: [] };
const index = { root: ROOT, toolchain };
const read = (unit: VerifiedUnit): ReturnType<typeof viewFromProof> => viewFromProof([unit], { baseline: index, candidate: index, scope });

test('a scope may say of a mere change of references that the code is the same', () => {
  expect(read(listed()).changes).toMatchObject([{ change: 'reference-only', sameCode: true, sameContent: true }]);
});

test.each([
  ['a function of another class', listed({ class: 'semantic' })],
  ['one under another id', listed({ new: leaf([], { id: 'fn:g' }) })],
  ['one that is not listed', listed({ old: leaf(['var#1'], { id: 'fn:h' }), new: leaf([], { id: 'fn:h' }) })],
])('of %s it may not', (_, unit) => {
  expect(() => read(unit)).toThrow(expect.objectContaining({ reason: 'DELTA_SCOPE_INVALID' }));
});

test('what is not resolved has not the same content', () => {
  const [unit] = viewFromProof([listed({ old: leaf(['var#1'], { residual: 1 }) })], { baseline: index, candidate: index, scope: { ...scope, sameCode: [] } }).changes;
  expect(unit?.sameContent).toBeUndefined();
});
