import { isDomainError } from '@stella/errors';
import { packedSetVector } from '../../test/packed-sets.js';
import { buildMerkleSet } from './build-set.js';
import type { MerkleSet } from './merkle-set.js';
import { openSet, packSet, unpackSet } from './pack.js';
import { spotCheck } from './spot-check.js';

const packed = (size: number): Buffer => packSet(buildMerkleSet(packedSetVector(size).leaves.map((leaf) => Buffer.from(leaf))));
const ranksOf = (set: MerkleSet): number[] => Array.from({ length: set.size }, (_, rank) => rank);

test.each([0, 1, 2, 17, 120])('each of %d units has its place under the root', (size) => {
  const set = openSet(packed(size));
  spotCheck(set, ranksOf(set));
  expect(set.root.toString('hex')).toBe(packedSetVector(size).root);
});

test('whatever byte of a packed set is altered, the units say so, or the root is another', () => {
  const blob = packed(5);
  const { root } = openSet(blob);
  for (let at = 0; at < blob.length; at++) {
    for (const mask of [0x01, 0x40]) {
      const altered = Buffer.from(blob);
      altered[at] = (altered[at] as number) ^ mask;
      expect([at, faultOf(altered, root)]).toEqual([at, expect.stringMatching(/^(INDEX_INVALID|LEAF_INVALID|another root)$/)]);
    }
  }
});

test('a view is made wherever the blob lies in memory', () => {
  const blob = packed(17);
  const shifted = Buffer.concat([Buffer.of(1, 2, 3), blob]).subarray(3);
  spotCheck(openSet(shifted), [0, 8, 16]);
  expect(packSet(unpackSet(shifted)).equals(blob)).toBe(true);
});

function faultOf(blob: Buffer, root: Buffer): string {
  try {
    const set = openSet(blob);
    spotCheck(set, ranksOf(set));
    return set.root.equals(root) ? 'nothing' : 'another root';
  } catch (error) {
    if (isDomainError(error)) return error.reason;
    throw error;
  }
}
