import { readdirSync, readFileSync } from 'node:fs';
import { isDomainError } from '@stella/errors';
import { verifyConsistency, verifyInclusion, verifySubtreeConsistency, verifySubtreeInclusion } from '../../src/index.js';
import { describeConformance } from '@stella/testing';

interface Vector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly size: number;
  readonly size1: number;
  readonly size2: number;
  readonly start: number;
  readonly end: number;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const bytes = (text: string | null) => Buffer.from(text ?? '', 'base64');

const SUITES = {
  inclusion: (v: Vector, proof: Buffer[]) =>
    verifyInclusion({ index: v.leafIdx, size: v.treeSize, leafHash: bytes(v.leafHash), root: bytes(v.root) }, proof),
  consistency: (v: Vector, proof: Buffer[]) =>
    verifyConsistency({ size1: v.size1, root1: bytes(v.root1), size2: v.size2, root2: bytes(v.root2) }, proof),
  subtreeinclusion: (v: Vector, proof: Buffer[]) => verifySubtreeInclusion(v, v.leafIdx, bytes(v.leafHash), bytes(v.root), proof),
  subtreeconsistency: (v: Vector, proof: Buffer[]) => verifySubtreeConsistency(v, bytes(v.root1), v.size, bytes(v.root2), proof),
};

describeConformance('merkle-rfc6962-proofs', (path) => {
  const files = readdirSync(`${path}/testdata`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

  test.each([
    ['inclusion', 98],
    ['consistency', 98],
    ['subtreeinclusion', 204],
    ['subtreeconsistency', 118],
  ] as const)('%s: all %d vectors', (suite, count) => {
    const wrong: string[] = [];
    let run = 0;
    for (const file of files.filter((name) => name.startsWith(`${suite}/`))) {
      const vector = JSON.parse(readFileSync(`${path}/testdata/${file}`, 'utf8')) as Vector;
      let refused = false;
      try {
        SUITES[suite](vector, (vector.proof ?? []).map(bytes));
      } catch (error) {
        if (!isDomainError(error)) throw error;
        refused = true;
      }
      if (refused !== vector.wantErr) wrong.push(file);
      run += 1;
    }
    expect(wrong).toEqual([]);
    expect(run).toBe(count);
  });

  test('there are 518 vectors', () => {
    expect(files).toHaveLength(518);
  });
});
