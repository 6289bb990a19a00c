// The delta of two releases from their stored indexes, and the check of its proof, against hashing the two files: the
// least that anybody has to do who is given them.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDevelopmentTrustRoot, KeyPair, PREDICATE_TYPES, publicKeyToPem, signRevocationList, signStatement } from '@stella/attestation';
import { compareIndexes, indexRef, proveDelta } from '@stella/binary-delta';
import { incidentById, resolveRelease } from '@stella/incidents';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { group } from './lib/group.mjs';
import { liftPacked, unpacked } from './lib/lift-index.mjs';
import { requireTool, runProgram } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';
import { verifyProof } from './lib/verify-proof.mjs';

const VERIFY_ONCE = fileURLToPath(new URL('./parts/verify-proof.mjs', import.meta.url));
const STELLA = fileURLToPath(new URL('../../services/stella/dist/bin.js', import.meta.url));
const DAY_MS = 86_400_000;

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
  const deltaVerify = ['delta', 'verify', write(folder, 'delta.json', envelope), ...(await trust(folder, key))];
  // Its own, as a person has it: what a first run compiled is kept for the next ones.
  const environment = { PATH: process.env.PATH ?? '', HOME: folder };
  const proofFile = join(folder, 'proof.json');
  writeFileSync(proofFile, JSON.stringify({ proof: Buffer.from(envelope).toString('base64'), keyPem: publicKeyToPem(key.publicKey), ...indexes }));

  const making = await alternate(
    {
      'compare, indexes in memory': () => void compareIndexes(before.index, after.index),
      'unpack both and compare': () => void compareIndexes(unpacked(before.packed), unpacked(after.packed)),
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
      'stella delta verify --trust …': () => runProgram(process.execPath, [STELLA, ...deltaVerify], { env: environment }),
      'proof check by the libraries alone, a process': () => runProgram(process.execPath, [VERIFY_ONCE, proofFile]),
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
      storedIndexBytes: [before, after].reduce((sum, { packed }) => sum + packed.set.length + packed.sides.length, 0),
    },
    groups: [
      group('making the delta', making),
      group('checking it', checking, {
        ratios: [
          ['proof check, in process', 'SHA-256 of both, in process'],
          ['Node starts and ends', 'sha256sum of both files'],
        ],
        goals: [
          { text: 'proof check at most twice sha256sum of both files', case: 'proof check, in process', to: 'sha256sum of both files', max: 2 },
          { text: 'the command, from its start to its end, at most twice it too', case: 'stella delta verify --trust …', to: 'sha256sum of both files', max: 2 },
          { text: 'proof check at most 50 ms', case: 'proof check, in process', max: 50 },
        ],
      }),
    ],
  };
});

/** A release with its index in memory, and packed as `psdi` keeps it. */
async function stored(release, folder) {
  const { program: path } = await resolveRelease(release, { cacheDir: folder });
  const packed = await liftPacked(path);
  const digest = sha256(path);
  const index = { ...unpacked(packed), artifactSha256: digest };
  return { name: release.name, path, sha256: digest, ref: indexRef(index.set, digest, index.lifter), index, packed };
}

/** The trust root and the revocation list of who signed, as options of the command. */
async function trust(folder, { publicKey }) {
  const revoker = KeyPair.generate('ed25519');
  const [issuedAt, validUntil] = [new Date(Date.now() - DAY_MS), new Date(Date.now() + DAY_MS)];
  const key = (name, ofKey, role) => ({ name: `dev:${name}`, publicKey: ofKey, organisation: 'bench', roles: [role], validFrom: issuedAt, validUntil });
  const keys = [key('psdi', publicKey, 'evidence'), key('revocation', revoker.publicKey, 'revocation')];
  const root = buildDevelopmentTrustRoot({ profile: 'development', version: 1, issuedAt, validUntil, keys, logs: [], witnesses: [], thresholds: [] });
  const revocations = await signRevocationList({ issuer: 'bench', tenant: 'bench', version: 1, issuedAt, validUntil, entries: [] }, revoker);
  return ['--trust', write(folder, 'trust-root.json', root), '--revocations', write(folder, 'revocations.json', revocations)];
}

function write(folder, name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
