import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, type PublicKey } from '@stella/attestation';
import { DeltaIndexed } from '@stella/contracts/stella/psdi/v1alpha/events';
import { type Delta, DeltaIndexServiceService, type Index, type UploadArtifactRequest } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { WatchedNative } from '@stella/native/testing';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import type { GrpcClient } from '@stella/platform-grpc';
import { psdiService } from '../../src/index.js';

export type PsdiClient = GrpcClient<typeof DeltaIndexServiceService>;

export interface SeenEvent {
  readonly tenant: string;
  readonly key: string;
  readonly event: DeltaIndexed;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The service on a real database, a real blob folder and real sockets, with the real lifter. */
export class PsdiRuntime {
  private constructor(
    readonly folder: string,
    readonly lifter: WatchedNative,
    readonly signer: KeyPair,
    readonly test: TestRuntime,
    readonly context: ServiceContext,
    readonly seen: readonly SeenEvent[],
    private readonly ownService: StellaService,
  ) {}

  /** Another process of the same installation: the same database, blobs and keys. */
  second(): Promise<TestRuntime> {
    return startTestRuntime([this.ownService], { blobs: this.test.blobs, database: this.test.database });
  }

  static async start(trustedKeys: readonly PublicKey[] = []): Promise<PsdiRuntime> {
    const folder = mkdtempSync(join(tmpdir(), 'stella-psdi-'));
    const lifter = new WatchedNative(folder);
    const signer = KeyPair.generate('ed25519');
    const service = psdiService({ signer, lifterSha256: lifter.sha256, liftedBy: 'https://node.example', trustedKeys });
    const seen: SeenEvent[] = [];
    let context: ServiceContext | undefined;
    const watched: StellaService = {
      ...service,
      wire(given) {
        context = given;
        given.events.subscribe(
          { topic: 'stella.psdi.delta-indexed.v1alpha', group: 'watcher' },
          { commit: async ({ tenant, key, payload }) => void seen.push({ tenant, key, event: DeltaIndexed.decode(payload) }) },
        );
        return service.wire(given);
      },
    };
    const test = await startTestRuntime([watched], { blobs: await DirectoryBlobStore.open(join(folder, 'blobs')) });
    return new PsdiRuntime(folder, lifter, signer, test, context as ServiceContext, seen, service);
  }

  client(tenant = 'acme'): PsdiClient {
    return this.test.client(DeltaIndexServiceService, { tenant });
  }

  /** The values of this service's metrics, a line each. */
  async metrics(): Promise<string> {
    const text = await (await fetch(`${this.test.runtime.httpAddress}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith('psdi_') && !line.includes('_bucket')).join('\n');
  }

  async stop(): Promise<void> {
    await this.test.stop();
    this.lifter.restore();
    rmSync(this.folder, { recursive: true });
  }
}

/** The artifact's digest. */
export async function upload(client: PsdiClient, bytes: Uint8Array, label = 'program'): Promise<string> {
  const { artifact } = await client.uploadArtifact(messages(bytes, { sha256: sha256(bytes), sizeBytes: BigInt(bytes.byteLength), label }), { deadlineMs: 60_000 });
  return artifact?.sha256 ?? '';
}

export async function* messages(bytes: Uint8Array, header: { sha256: string; sizeBytes: bigint; label: string }): AsyncGenerator<UploadArtifactRequest> {
  yield { part: { $case: 'header', value: header } };
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield { part: { $case: 'chunk', value: { data: Buffer.from(bytes.subarray(at, at + 65_536)) } } };
}

export async function createIndex(client: PsdiClient, artifactSha256: string, requestId: string = randomUUID()): Promise<Index> {
  const { index } = await client.createIndex({ requestId, artifactSha256 });
  if (!index) throw new Error('no index');
  return index;
}

export async function createDelta(client: PsdiClient, baselineSha256: string, candidateSha256: string, requestId: string = randomUUID()): Promise<Delta> {
  const { delta } = await client.createDelta({ requestId, baselineSha256, candidateSha256 });
  if (!delta) throw new Error('no delta');
  return delta;
}
