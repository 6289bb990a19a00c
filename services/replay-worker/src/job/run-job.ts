import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@stella/errors';
import { nativeExecutable } from '@stella/native';
import { type BlobStore, DirectoryBlobStore } from '@stella/platform-blobs';
import { BlobReplayRecords } from '../adapters/blob-replay-records.js';
import { BlobWorkspaces } from '../adapters/blob-workspaces.js';
import { ListedClosure } from '../adapters/host-closure.js';
import { LocalCapsules } from '../adapters/local-capsules.js';
import { DescribeHost } from '../application/describe-host.js';
import { RunReplay } from '../application/run-replay.js';
import { JOB_MANIFEST_BYTES_MAX } from '../limits.js';
import { type JobManifest, parseManifest } from './manifest.js';
import { encodeHead, type JobResult, type ResultBlob } from './result.js';
import { download, upload } from './transfer.js';

const MANIFEST = 'manifest.json';

export interface FetchOptions {
  readonly folder: string;
  readonly manifestUrl: string;
  readonly manifestSha256: string;
  readonly certificateAuthority: string | undefined;
}

/** The trusted first step: everything that the replay needs, verified, in a folder. @throws DomainError, TransferFailed */
export async function fetchInputs({ folder, manifestUrl, manifestSha256, certificateAuthority }: FetchOptions): Promise<void> {
  const blobs = await DirectoryBlobStore.open(join(folder, 'blobs'));
  const fetchBlob = (url: string, sha256: string): Promise<unknown> => download(url, certificateAuthority, (body) => blobs.put(body, { expectedSha256: sha256 }));
  await fetchBlob(manifestUrl, manifestSha256);
  const bytes = await blobs.bytes(manifestSha256, JOB_MANIFEST_BYTES_MAX);
  await writeFile(join(folder, MANIFEST), bytes, { mode: 0o600 });
  await blobs.delete(manifestSha256);
  for (const { url, sha256 } of parseManifest(bytes).inputs) await fetchBlob(url, sha256);
}

/** The runs, in capsules of this pod, and the hand-over of what they did. @throws DomainError, TransferFailed */
export async function runJob(folder: string, certificateAuthority: string | undefined): Promise<void> {
  const manifest = parseManifest(await readFile(join(folder, MANIFEST)));
  const blobs = await DirectoryBlobStore.open(join(folder, 'blobs'));
  const { result, kept } = await replay(manifest, blobs, join(folder, 'replays'));
  const path = join(folder, 'result');
  await writeResult(path, result, kept, blobs);
  await upload(manifest.resultUrl, certificateAuthority, path);
}

async function replay({ order, runsAtOnce }: JobManifest, blobs: BlobStore, folder: string): Promise<{ readonly result: JobResult; readonly kept: readonly ResultBlob[] }> {
  const capsules = new LocalCapsules(runsAtOnce);
  const closure = new ListedClosure();
  const host = new DescribeHost(capsules, closure, await sha256Of(nativeExecutable()));
  const capabilities = await host.execute();
  if (order === undefined) return { result: { capabilities, report: undefined }, kept: [] };
  const records = new CountedRecords(blobs);
  const facts = { runEnded: () => undefined, completed: () => Promise.reject(new DomainError('INTERNAL')) };
  const run = new RunReplay(capsules, await BlobWorkspaces.open(folder, blobs), closure, host, records, facts, randomUUID, () => new Date());
  const report = await run.execute(order, new AbortController().signal);
  return { result: { capabilities, report }, kept: [...records.kept.values()] };
}

/** Knows what was kept. */
class CountedRecords extends BlobReplayRecords {
  readonly kept = new Map<string, ResultBlob>();

  override async keepBytes(bytes: Uint8Array): Promise<string> {
    const sha256 = await super.keepBytes(bytes);
    this.kept.set(sha256, { sha256, sizeBytes: bytes.byteLength });
    return sha256;
  }
}

async function writeResult(path: string, result: JobResult, kept: readonly ResultBlob[], blobs: BlobStore): Promise<void> {
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    yield encodeHead(result, kept);
    for (const { sha256 } of kept) yield* blobs.read(sha256);
  };
  await pipeline(Readable.from(parts()), createWriteStream(path, { mode: 0o600 }));
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
