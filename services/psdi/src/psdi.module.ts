import { fileURLToPath } from 'node:url';
import { type PublicKey, publicKeyToPem, type Signer } from '@stella/attestation';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { AdvisoryLocks } from '@stella/platform-database';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { BlobIndexStore } from './adapters/blob-index-store.js';
import { ComputingThread } from './adapters/computing-thread.js';
import { NativeLifter } from './adapters/native-lifter.js';
import { SqlArtifactRepository } from './adapters/sql-artifact-repository.js';
import { SqlDeltaRepository } from './adapters/sql-delta-repository.js';
import { SqlFunctionRepository } from './adapters/sql-function-repository.js';
import { SqlIndexRepository } from './adapters/sql-index-repository.js';
import { SqlPackRepository } from './adapters/sql-pack-repository.js';
import { SqlRequestRepository } from './adapters/sql-request-repository.js';
import { ThreadComparer } from './adapters/thread-comparer.js';
import { ThreadProofReader } from './adapters/thread-proof-reader.js';
import { packPublished } from './api/consumers.js';
import { DeltaIndexController } from './api/delta-index.controller.js';
import { CreateDelta } from './application/create-delta.js';
import { CreateIndex } from './application/create-index.js';
import { Describe } from './application/describe.js';
import { FindFunction } from './application/find-function.js';
import { GetArtifact } from './application/get-artifact.js';
import { IndexArtifact } from './application/index-artifact.js';
import { IndexPack } from './application/index-pack.js';
import { LiftArtifact } from './application/lift-artifact.js';
import { ReadDeltas } from './application/read-deltas.js';
import { Slots } from './application/slots.js';
import { UploadArtifact } from './application/upload-artifact.js';
import { VerifyDelta } from './application/verify-delta.js';
import { PsdiEvents, TOPICS } from './events.js';
import { limits } from './limits.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface PsdiOptions {
  /** Signs index statements, delta proofs and scopes. */
  readonly signer: Signer;
  /** SHA-256 of the `stella-native` that runs here, 64 lower-case hexadecimal digits; another one is not run. */
  readonly lifterSha256: string;
  /** Who lifts, as index statements say it: a URI of this installation. */
  readonly liftedBy: string;
  /** Of others whose delta proofs are taken; what they sign stays `attested`. Default: none. */
  readonly trustedKeys?: readonly PublicKey[];
}

/** The precomputed semantic delta index. */
export function psdiService(options: PsdiOptions): StellaService {
  return {
    name: 'psdi',
    grpc: { 'stella.psdi.v1alpha.DeltaIndexService': DeltaIndexServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, logger, metrics, clock }: ServiceContext, options: PsdiOptions): ServiceParts {
  const { signer, lifterSha256, liftedBy, trustedKeys = [] } = options;
  const facts = new PsdiEvents(events, logger, metrics);
  const lifter = new NativeLifter(lifterSha256);
  const artifacts = new SqlArtifactRepository(database);
  const indexes = new SqlIndexRepository(database);
  const deltas = new SqlDeltaRepository(database);
  const requests = new SqlRequestRepository(database, clock);
  const store = new BlobIndexStore(blobs);
  const keys = { keys: [signer.publicKey, ...trustedKeys].map(publicKeyToPem) };
  // Two: the check of a proof does not wait for a comparison.
  const threads = { comparison: new ComputingThread('psdi-comparison', keys), proofs: new ComputingThread('psdi-proofs', keys) };
  const comparer = new ThreadComparer(threads.comparison, store, facts);
  const lift = new LiftArtifact(artifacts, blobs, lifter, new Slots(limits.liftsAtOnce, limits.liftsWaitingMax));
  const index = new IndexArtifact(lift, indexes, store, comparer, blobs, new AdvisoryLocks(database), { signer, liftedBy }, facts, clock);
  const pack = new IndexPack(blobs, artifacts, lifter, index, clock);

  events.subscribe({ topic: TOPICS.packPublished }, packPublished(pack, new SqlPackRepository(clock), facts, clock));

  return {
    controllers: [DeltaIndexController],
    providers: [
      { provide: UploadArtifact, useValue: new UploadArtifact(blobs, artifacts, facts, clock) },
      { provide: GetArtifact, useValue: new GetArtifact(artifacts) },
      { provide: CreateIndex, useValue: new CreateIndex(index, requests) },
      { provide: CreateDelta, useValue: new CreateDelta(database, index, comparer, deltas, requests, blobs, signer, facts, clock) },
      { provide: ReadDeltas, useValue: new ReadDeltas(deltas) },
      { provide: VerifyDelta, useValue: new VerifyDelta(lift, indexes, comparer, new ThreadProofReader(threads.proofs), facts) },
      { provide: FindFunction, useValue: new FindFunction(new SqlFunctionRepository(database)) },
      { provide: Describe, useValue: new Describe(blobs, indexes) },
    ],
    stop: async () => void (await Promise.all(Object.values(threads).map((thread) => thread.stop()))),
  };
}
