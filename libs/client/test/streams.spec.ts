import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Server, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { type EvaluateReleaseRequest, type EvaluateReleaseResponse, GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import {
  Artifact,
  DeltaIndexServiceService,
  type GetArtifactRequest,
  type GetArtifactResponse,
  type UploadArtifactRequest,
  type UploadArtifactResponse,
} from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { type StellaClient, createStellaClient } from '../src/index.js';
import { startServer, wireError } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'client-'));
const content = randomBytes(300_001);
const sha256 = createHash('sha256').update(content).digest('hex');
const path = join(folder, 'artifact');
writeFileSync(path, content);

let server: Server;
let psdi: StellaClient;
let stored: Map<string, Artifact>;
let chunkSizes: number[];
let refusals: ReturnType<typeof wireError>[];

function upload(call: ServerReadableStream<UploadArtifactRequest, UploadArtifactResponse>, answer: sendUnaryData<UploadArtifactResponse>): void {
  const refusal = refusals.shift();
  if (refusal) return answer(refusal);
  const hash = createHash('sha256');
  let header = { sha256: '', sizeBytes: 0n, label: '' };
  let sizeBytes = 0;
  call.on('data', ({ part }: UploadArtifactRequest) => {
    if (part?.$case === 'header') header = part.value;
    if (part?.$case !== 'chunk') return;
    chunkSizes.push(part.value.data.length);
    sizeBytes += part.value.data.length;
    hash.update(part.value.data);
  });
  call.on('end', () => {
    if (hash.digest('hex') !== header.sha256 || BigInt(sizeBytes) !== header.sizeBytes) {
      return answer(wireError(status.DATA_LOSS, 'not these bytes', { reason: 'BLOB_DIGEST_MISMATCH' }));
    }
    const artifact = Artifact.fromPartial({ name: `artifacts/${header.sha256}`, ...header });
    stored.set(artifact.name, artifact);
    answer(null, { artifact });
  });
}

beforeAll(async () => {
  const started = await startServer(DeltaIndexServiceService, {
    uploadArtifact: upload,
    getArtifact: (call: ServerUnaryCall<GetArtifactRequest, GetArtifactResponse>, answer: sendUnaryData<GetArtifactResponse>) => {
      const artifact = stored.get(call.request.name);
      if (artifact) answer(null, { artifact });
      else answer(wireError(status.NOT_FOUND, 'unknown', { reason: 'ARTIFACT_NOT_FOUND' }));
    },
  });
  server = started.server;
  psdi = createStellaClient({ address: started.address });
});

beforeEach(() => {
  stored = new Map();
  chunkSizes = [];
  refusals = [];
});

afterAll(() => {
  psdi.close();
  server.forceShutdown();
  rmSync(folder, { recursive: true });
});

test('a sparse file of 4 GiB is refused before it is read', async () => {
  const sparse = join(folder, 'sparse');
  writeFileSync(sparse, '');
  truncateSync(sparse, 2 ** 32);
  const startedMs = performance.now();
  await expect(psdi.uploadArtifact(sparse)).rejects.toMatchObject({ reason: 'ARTIFACT_TOO_LARGE', facts: { sizeBytes: String(2 ** 32) } });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(chunkSizes).toEqual([]);
});

test('a file is uploaded in chunks under its digest, and only once', async () => {
  const artifact = await psdi.uploadArtifact(path, { label: 'a@1' });
  expect(artifact).toMatchObject({ name: `artifacts/${sha256}`, sizeBytes: 300_001n, label: 'a@1' });
  expect(Math.max(...chunkSizes)).toBe(65_536);
  expect(chunkSizes.reduce((sum, size) => sum + size, 0)).toBe(300_001);

  chunkSizes = [];
  expect(await psdi.uploadArtifact(path)).toMatchObject({ label: 'a@1' });
  expect(chunkSizes).toEqual([]);
});

test('a stream is uploaded like a file, and leaves nothing behind', async () => {
  const spools = () => readdirSync(tmpdir()).filter((name) => name.startsWith('stella-upload-'));
  const before = spools();
  refusals = [wireError(status.UNAVAILABLE, 'not now', { reason: 'UNAVAILABLE' })];
  const artifact = await psdi.uploadArtifact(Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]));
  expect(artifact.sha256).toBe(sha256);
  expect(spools()).toEqual(before);
});

test('a refusal in mid-upload ends it at once with its reason', async () => {
  refusals = [wireError(status.RESOURCE_EXHAUSTED, 'full', { reason: 'BLOB_STORE_FULL' })];
  await expect(psdi.uploadArtifact(path)).rejects.toMatchObject({ reason: 'BLOB_STORE_FULL' });
  expect(stored.size).toBe(0);
});

test('what the source throws comes through as it is', async () => {
  await expect(psdi.uploadArtifact(join(folder, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  async function* failing(): AsyncGenerator<UploadArtifactRequest> {
    yield { part: { $case: 'header', value: { sha256, sizeBytes: 1n, label: '' } } };
    throw new RangeError('disk gone');
  }
  await expect(psdi.psdi.uploadArtifact(failing())).rejects.toBeInstanceOf(RangeError);
});

test('messages are taken no faster than the server reads them', async () => {
  const { server: slow, address } = await startServer(DeltaIndexServiceService, {
    uploadArtifact: (call: ServerReadableStream<UploadArtifactRequest, UploadArtifactResponse>, answer: sendUnaryData<UploadArtifactResponse>) => {
      setTimeout(() => {
        takenWhilePaused = taken;
        call.on('data', () => {}).on('end', () => answer(null, { artifact: undefined }));
      }, 300);
    },
  });
  let taken = 0;
  let takenWhilePaused = 0;
  function* chunks(): Generator<UploadArtifactRequest> {
    for (; taken < 1000; taken += 1) yield { part: { $case: 'chunk', value: { data: Buffer.alloc(65_536) } } };
  }
  const client = createStellaClient({ address });
  await client.psdi.uploadArtifact(chunks());
  expect(taken).toBe(1000);
  expect(takenWhilePaused).toBeGreaterThan(0);
  expect(takenWhilePaused).toBeLessThan(100);
  client.close();
  slow.forceShutdown();
});

describe('server streams', () => {
  type Call = ServerWritableStream<EvaluateReleaseRequest, EvaluateReleaseResponse>;
  let handler: (call: Call) => void;
  let gateServer: Server;
  let client: StellaClient;

  beforeAll(async () => {
    const started = await startServer(GateServiceService, { evaluateRelease: (call: Call) => handler(call) });
    gateServer = started.server;
    client = createStellaClient({ address: started.address });
  });
  afterAll(() => {
    client.close();
    gateServer.forceShutdown();
  });

  const progress = (done: number): EvaluateReleaseResponse => ({
    event: { $case: 'progress', value: { stage: 'replay', message: '', done, total: 3, cached: false, elapsedMs: 0n } },
  });
  const read = async (into: number[]) => {
    for await (const { event } of client.gate.evaluateRelease({})) if (event?.$case === 'progress') into.push(event.value.done);
  };

  test('messages arrive in order; a first attempt that gave nothing is repeated', async () => {
    let calls = 0;
    handler = (call) => {
      calls += 1;
      if (calls === 1) return void call.emit('error', wireError(status.UNAVAILABLE, 'not now', { reason: 'UNAVAILABLE' }));
      for (const done of [1, 2, 3]) call.write(progress(done));
      call.end();
    };
    const seen: number[] = [];
    await read(seen);
    expect(seen).toEqual([1, 2, 3]);
    expect(calls).toBe(2);
  });

  test('after the first message a failure is told, not repeated', async () => {
    let calls = 0;
    handler = (call) => {
      calls += 1;
      call.write(progress(1), () => call.emit('error', wireError(status.UNAVAILABLE, 'gone', { reason: 'UNAVAILABLE' })));
    };
    const seen: number[] = [];
    await expect(read(seen)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    expect(seen).toEqual([1]);
    expect(calls).toBe(1);
  });

  test('leaving the loop cancels the call on the server', async () => {
    const cancelled = Promise.withResolvers<void>();
    handler = (call) => {
      call.on('cancelled', () => cancelled.resolve());
      call.write(progress(1));
    };
    for await (const _message of client.gate.evaluateRelease({})) break;
    await cancelled.promise;
  });
});
