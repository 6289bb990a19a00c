import { readFileSync } from 'node:fs';
import { type PackedSetVector, packedSetVectors } from '../../test/packed-sets.js';

const FILE = new URL('../../test/vectors/packed-sets.json', import.meta.url);

test('the vectors that the lifter is held to are what this implementation makes', () => {
  // To write them anew after the encoding has changed: JSON.stringify(packedSetVectors(), undefined, 1).
  const kept = JSON.parse(readFileSync(FILE, 'utf8')) as PackedSetVector[];
  expect(kept).toEqual(packedSetVectors());
});
