// The delta index on a real database and real sockets, as a process of its own: answers each message of its parent with one
// round of measurements, and ends with it. argv: a folder for its blobs, the two programs.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { KeyPair } from '@stella/attestation';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { sha256OfFile } from '@stella/incidents';
import { nativeExecutable } from '@stella/native';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestRuntime } from '@stella/platform-runtime/testing';
import { psdiService } from '@stella/psdi';

const CHUNK_BYTES = 65_536;
const DEADLINE = { deadlineMs: 120_000 };

const [folder, ...paths] = process.argv.slice(2);
const programs = paths.map((path) => readFileSync(path));
const service = psdiService({ signer: KeyPair.generate('ed25519'), lifterSha256: await sha256OfFile(nativeExecutable()), liftedBy: 'urn:stella:bench' });
const runtime = await startTestRuntime([service], { blobs: await DirectoryBlobStore.open(join(folder, 'blobs')), logLevel: 'info' });
process.send({});
process.on('message', async ({ id }) => process.send({ id, answer: await round() }));
process.once('disconnect', () => void stop());

async function stop() {
  await runtime.stop();
  process.exit(0);
}

/** A tenant that has nothing: what another one has is lifted again. */
async function round() {
  const client = runtime.client(DeltaIndexServiceService, { tenant: `bench-${randomUUID()}` });
  const digests = [];
  for (const program of programs) digests.push((await client.uploadArtifact(messages(program), DEADLINE)).artifact.sha256);
  // What the upload left behind is not the index's.
  await delay(100);
  const [baselineSha256, candidateSha256] = digests;
  return {
    index: await measured(() => client.createIndex({ requestId: randomUUID(), artifactSha256: baselineSha256 }, DEADLINE)),
    both: await measured(() => Promise.all(digests.map((artifactSha256) => client.createIndex({ requestId: randomUUID(), artifactSha256 }, DEADLINE)))),
    delta: await measured(() => client.createDelta({ requestId: randomUUID(), baselineSha256, candidateSha256 }, DEADLINE)),
    idle: await measured(() => delay(500)),
  };
}

/** How long something takes, and the longest time in which nobody else had a turn. */
async function measured(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const startMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startMs;
  // A turn that began in it is seen when it ends.
  await delay(5);
  histogram.disable();
  return { elapsedMs, stretchMs: histogram.max / 1e6 };
}

async function* messages(bytes) {
  yield { part: { $case: 'header', value: { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: BigInt(bytes.byteLength), label: 'bench' } } };
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) yield { part: { $case: 'chunk', value: { data: bytes.subarray(at, at + CHUNK_BYTES) } } };
}
