import { hash } from 'node:crypto';
import { encodeLeaf, type Leaf, UNIT_KINDS } from '../src/leaf.js';
import { buildMerkleSet } from '../src/merkle/build-set.js';
import { packSet } from '../src/merkle/pack.js';

/** Units, and what every implementation of the tree and its packed form makes of them. */
export interface PackedSetVector {
  /** Canonical JSON of each unit, in no order. */
  readonly leaves: readonly string[];
  readonly root: string;
  readonly packedSha256: string;
  /** Units, bytes, unresolved, residual bytes. */
  readonly sums: readonly [number, number, number, number];
}

const SIZES = [0, 1, 2, 3, 5, 17, 120];
/** Ids and names are any text: what JSON escapes, what UTF-16 orders otherwise, what is long. */
const TEXTS = ['fn:main', 'fn:a"b\\c', 'data:\u0001\n\t\u007f', 'fn:größe', 'fn:\u{10000}\u{ffff}', 'fn:\u2028', `type:${'x'.repeat(300)}`, 'residual#00'];

export function packedSetVector(size: number): PackedSetVector {
  const leaves = Array.from({ length: size }, (_, i) => encodeLeaf(leafNumber(size, i)));
  const set = buildMerkleSet(leaves);
  const { units, sizeBytes, unresolved, residualBytes } = set.sums;
  return {
    leaves: leaves.map((leaf) => leaf.toString('utf8')),
    root: set.root.toString('hex'),
    packedSha256: hash('sha256', packSet(set)),
    sums: [units, sizeBytes, unresolved, residualBytes],
  };
}

export const packedSetVectors = (): PackedSetVector[] => SIZES.map(packedSetVector);

function leafNumber(size: number, i: number): Leaf {
  const digest = hash('sha256', `${size} ${i}`);
  const random = Number.parseInt(digest.slice(0, 8), 16);
  const text = TEXTS[i % TEXTS.length] as string;
  return {
    e1: hash('sha256', digest),
    id: i < TEXTS.length ? text : `${text}~${i}`,
    kind: UNIT_KINDS[random % UNIT_KINDS.length] as Leaf['kind'],
    name: i % 3 === 0 ? '' : text,
    refs: TEXTS.slice(0, random % 4).map((ref) => `${ref}!`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    residual: random % 5,
    // Some are larger than what 32 bits hold.
    size: i % 7 === 0 ? 2 ** 33 + random : random % 5_000,
  };
}
