import { existsSync, readFileSync } from 'node:fs';
import { encodeBase64, KeyPair } from '@stella/attestation';
import {
  hashLeaf,
  noteKey,
  parseCheckpoint,
  parseNote,
  planAppend,
  readVerifiedEntries,
  TileTree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/index.js';
import { describeConformance } from '@stella/testing';

describeConformance('tessera-tlog-tiles', (path) => {
  const reader = {
    read: (name: string) => {
      const file = `${path}/testdata/log/${name}`;
      return Promise.resolve(existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined);
    },
  };
  const note = (size: number) => parseNote(readFileSync(`${path}/testdata/log/checkpoint.${size}`));
  const head = (size: number) => parseCheckpoint(note(size).text);

  test('all 16 checkpoints have the root of their tiles, size 0 included', async () => {
    let checked = 0;
    for (let size = 0; size <= 15; size += 1) {
      const { origin, rootHash } = head(size);
      expect(origin).toBe('example.com/log/testdata');
      expect(encodeBase64(await new TileTree(reader, size).root())).toBe(encodeBase64(rootHash));
      checked += 1;
    }
    expect(checked).toBe(16);
  });

  test('every entry of every size has an inclusion proof (120)', async () => {
    let proofs = 0;
    for (let size = 1; size <= 15; size += 1) {
      const tree = new TileTree(reader, size);
      for (let index = 0; index < size; index += 1) {
        const leafHash = hashLeaf(await tree.entry(index));
        verifyInclusion({ index, size, leafHash, root: head(size).rootHash }, await tree.inclusionProof(index));
        proofs += 1;
      }
    }
    expect(proofs).toBe(120);
  });

  test('every pair of sizes is consistent (121)', async () => {
    let proofs = 0;
    for (let size2 = 0; size2 <= 15; size2 += 1) {
      const tree = new TileTree(reader, size2);
      for (let size1 = size2 === 0 ? 0 : 1; size1 <= size2; size1 += 1) {
        const claim = { size1, root1: head(size1).rootHash, size2, root2: head(size2).rootHash };
        verifyConsistency(claim, await tree.consistencyProof(size1));
        proofs += 1;
      }
    }
    expect(proofs).toBe(121);
  });

  test('our writer makes the same tiles and tree heads from the same entries, one by one', async () => {
    const accepted = { checkpoint: head(15), note: note(15), cosignatures: [] };
    const entries = await readVerifiedEntries(reader, accepted, { from: 0, to: 15 });
    expect(entries.slice(0, 3).map((entry) => Buffer.from(entry).toString())).toEqual(['one', 'two', 'three']);
    const pair = KeyPair.generate('ed25519');
    const origin = 'example.com/log/testdata';
    const signer = { key: noteKey(origin, 'ed25519', pair.publicKey), signer: pair };
    const stored = new Map<string, Uint8Array>();
    const own = { read: (name: string) => Promise.resolve(stored.get(name)) };
    let tiles = 0;
    for (const [at, entry] of entries.entries()) {
      const plan = await planAppend({ origin, signer, reader: own, lastCheckpoint: stored.get('checkpoint'), entries: [entry] });
      for (const { path: name, bytes } of plan.tiles) {
        expect([name, Buffer.from(bytes).toString('hex')]).toEqual([name, Buffer.from((await reader.read(name)) ?? []).toString('hex')]);
        tiles += 1;
      }
      expect(parseNote(plan.checkpoint.bytes).text).toBe(note(at + 1).text);
      for (const { path: name, bytes } of [...plan.tiles, plan.checkpoint]) stored.set(name, bytes);
    }
    expect(tiles).toBe(30);
  });
});
