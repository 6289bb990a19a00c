// The delta of two releases from their stored indexes, and the check of its proof, against hashing the two files: the
// least that anybody has to do who is given them.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyPair, PREDICATE_TYPES, publicKeyToPem, signStatement } from '@stella/attestation';
import { compareIndexes, indexRef, packSet, packSides, proveDelta, unpackSet, unpackSides } from '@stella/binary-delta';
import { incidentById, resolveRelease } from '@stella/incidents';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { group } from './lib/group.mjs';
import { liftIndex } from './lib/lift-index.mjs';
import { requireTool, runProgram } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';
import { verifyProof } from './lib/verify-proof.mjs';

const VERIFY_ONCE = fileURLToPath(new URL('./parts/verify-proof.mjs', import.meta.url));

await benchmark('delta', async (runs) => {
  const sha256sum = requireTool('sha256sum', 'apt-get install coreutils');
  const folder = temporaryFolder();
  const { bad, good } = incidentById('esbuild-3205');
  const [before, after] = await Promise.all([bad, good].map((release) => stored(release, folder)));
  const paths = [before.path, after.path];
  const delta = compareIndexes(before.index, after.index);
  const proof = proveDelta(before.index, after.index, delta);
  const key = KeyPair.generate('ed25519');
  const sign = (predicate) => signStatement({ subjects: [before, after].map(({ name, sha256 }) => ({ name, sha256 })), predicateType: PREDICATE_TYPES.deltaProof, predicate }, key);
  const envelope = await sign(proof);
  const indexes = { old: before.ref, new: after.ref };
  const proofFile = join(folder, 'proof.json');
  writeFileSync(proofFile, JSON.stringify({ proof: Buffer.from(envelope).toString('base64'), keyPem: publicKeyToPem(key.publicKey), ...indexes }));

  const making = await alternate(
    {
      'compare, indexes in memory': () => void compareIndexes(before.index, after.index),
      'unpack both and compare': () => void compareIndexes(unpacked(before), unpacked(after)),
      'prove': () => void proveDelta(before.index, after.index, delta),
      'sign the proof': () => sign(proof),
    },
    runs,
  );
  const checking = await alternate(
    {
      'sha256sum of both files': () => runProgram('sha256sum', paths),
      'SHA-256 of both, in process': () => void paths.map(sha256),
      'proof check, in process': () => void verifyProof(envelope, key.publicKey, indexes),
      'proof check and SHA-256 of both, in process': () => {
        if (paths.map(sha256).join() !== [before.sha256, after.sha256].join()) throw new Error('the files have changed');
        verifyProof(envelope, key.publicKey, indexes);
      },
      'proof check, a process (Node starts)': () => runProgram(process.execPath, [VERIFY_ONCE, proofFile]),
      'Node starts and ends': () => runProgram(process.execPath, ['-e', '']),
    },
    runs,
  );
  return {
    tools: { sha256sum },
    facts: {
      pair: `${bad.name} to ${good.name}`,
      sizeBytes: paths.reduce((sum, path) => sum + statSync(path).size, 0),
      units: before.index.set.size + after.index.set.size,
      unitsListed: proof.units.length,
      proofBytes: envelope.byteLength,
      storedIndexBytes: before.set.length + before.sides.length + after.set.length + after.sides.length,
    },
    groups: [
      group('making the delta', making),
      group('checking it', checking, {
        ratios: [
          ['proof check, in process', 'SHA-256 of both, in process'],
        ],
        goals: [
          { text: 'proof check at most twice sha256sum of both files', case: 'proof check, in process', to: 'sha256sum of both files', max: 2 },
          { text: 'the same as a process that starts, checks and ends', case: 'proof check, a process (Node starts)', to: 'sha256sum of both files', max: 2 },
          { text: 'proof check at most 50 ms', case: 'proof check, in process', max: 50 },
        ],
      }),
    ],
  };
});

/** A release with its index in memory, and packed as `psdi` keeps it. */
async function stored(release, folder) {
  const { program: path } = await resolveRelease(release, { cacheDir: folder });
  const { index } = await liftIndex(path);
  const digest = sha256(path);
  const ref = indexRef(index.set, digest, index.lifter);
  return { name: release.name, path, sha256: digest, ref, index: { ...index, artifactSha256: digest }, set: packSet(index.set), sides: packSides(index.sides.values()) };
}

function unpacked({ set, sides, index: { lifter } }) {
  return { set: unpackSet(set), sides: new Map(unpackSides(sides).map((side) => [side.id, side])), lifter };
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
