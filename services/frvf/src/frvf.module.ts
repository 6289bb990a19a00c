import { fileURLToPath } from 'node:url';
import type { PublicKey, Signer } from '@stella/attestation';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { advisoryLock } from './adapters/advisory-lock.js';
import { AskedWorkerHost } from './adapters/asked-worker-host.js';
import { BlobEvidenceStore } from './adapters/blob-evidence-store.js';
import { BlobReplayRecords } from './adapters/blob-replay-records.js';
import { NotifiedChanges } from './adapters/notified-changes.js';
import { PsdiArtifacts } from './adapters/psdi-artifacts.js';
import { SqlIncidentRepository } from './adapters/sql-incident-repository.js';
import { SqlRecordingRepository } from './adapters/sql-recording-repository.js';
import { SqlReplayRepository } from './adapters/sql-replay-repository.js';
import { SqlRequestRepository } from './adapters/sql-request-repository.js';
import { SqlVerificationRepository } from './adapters/sql-verification-repository.js';
import { SqlWitnessRepository } from './adapters/sql-witness-repository.js';
import { IncidentController } from './api/incident.controller.js';
import { replayCompleted } from './api/replay-completed.consumer.js';
import { Schedule } from './api/schedule.js';
import { VerificationController } from './api/verification.controller.js';
import { WitnessController } from './api/witness.controller.js';
import { AnswerReplay } from './application/answer-replay.js';
import { CheckReexecution } from './application/check-reexecution.js';
import { CompleteRecording } from './application/complete-recording.js';
import { CompleteVerification } from './application/complete-verification.js';
import { CreateIncident } from './application/create-incident.js';
import { CreateVerification } from './application/create-verification.js';
import { EvaluateReplay } from './application/evaluate-replay.js';
import { ExpireReplays } from './application/expire-replays.js';
import { OrderReplay } from './application/order-replay.js';
import type { ArtifactRegistry } from './application/ports.js';
import { ReadEvidence } from './application/read-evidence.js';
import { ReadIncidents } from './application/read-incidents.js';
import { ReadVerification } from './application/read-verification.js';
import { ReadWitnesses } from './application/read-witnesses.js';
import { RecordWitness } from './application/record-witness.js';
import { Repeatable } from './application/repeatable.js';
import { VerifyResultCache } from './application/verify-result-cache.js';
import { WatchIncidents } from './application/watch-incidents.js';
import { FrvfEvents, TOPICS } from './events.js';
import { limits } from './limits.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface FrvfOptions {
  /** Signs witnesses and results. */
  readonly signer: Signer;
  /** Earlier keys whose evidence still counts; the signer's always does. */
  readonly earlierKeys?: readonly PublicKey[];
  /** Who knows a tenant's artifacts; default: psdi. */
  readonly artifacts?: ArtifactRegistry;
  /** Replays of one tenant under way at once; default: as in `limits`. */
  readonly replaysRunningMax?: number;
}

/** Fast replay and verification of failures. */
export function frvfService(options: FrvfOptions): StellaService {
  return {
    name: 'frvf',
    grpc: { 'stella.frvf.v1alpha.WitnessService': WitnessServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, peers, logger, metrics, clock, ids, random }: ServiceContext, options: FrvfOptions): ServiceParts {
  const { signer, earlierKeys = [] } = options;
  const facts = new FrvfEvents(events, logger, metrics);
  const changes = new NotifiedChanges(database);
  const incidents = new SqlIncidentRepository(database);
  const witnesses = new SqlWitnessRepository(database);
  const recordings = new SqlRecordingRepository(database);
  const verifications = new SqlVerificationRepository(database);
  const replays = new SqlReplayRepository(database);
  const records = new BlobReplayRecords(blobs);
  const evidence = new BlobEvidenceStore(blobs, signer, [signer.publicKey, ...earlierKeys]);
  const artifacts = options.artifacts ?? new PsdiArtifacts(peers.client('psdi', DeltaIndexServiceService));
  const host = new AskedWorkerHost(peers.client('replay-worker', ReplayWorkerServiceService), () => clock().getTime());
  const repeatable = new Repeatable(database, new SqlRequestRepository(database), advisoryLock);
  const order = new OrderReplay(replays, facts, advisoryLock, ids, clock, options.replaysRunningMax);
  const cache = new VerifyResultCache(evidence, clock);
  const evaluate = new EvaluateReplay(verifications, witnesses, records, evidence, host);
  const completions = {
    recording: new CompleteRecording(recordings, witnesses, incidents, records, evidence, facts, changes, clock),
    verification: new CompleteVerification(evaluate, verifications, incidents, evidence, facts, changes, clock),
    reexecution: new CheckReexecution(evaluate, verifications, facts),
  };
  const expiry = new Schedule(new ExpireReplays(database, replays, completions, facts, clock), limits.expiryIntervalMs, 'overdue replays could not be ended', logger);
  const watchIncidents = new WatchIncidents(incidents, facts, clock);
  const watch = new Schedule(watchIncidents, limits.incidentWatchIntervalMs, 'waiting incidents could not be counted', logger);
  events.subscribe({ topic: TOPICS.replayCompleted }, replayCompleted(new AnswerReplay(replays, completions, facts), facts));
  return {
    controllers: [IncidentController, WitnessController, VerificationController],
    providers: [
      { provide: CreateIncident, useValue: new CreateIncident(repeatable, incidents, advisoryLock, clock) },
      { provide: ReadIncidents, useValue: new ReadIncidents(incidents) },
      {
        provide: RecordWitness,
        useValue: new RecordWitness(repeatable, incidents, recordings, artifacts, records, host, order, advisoryLock, ids, clock),
      },
      { provide: ReadWitnesses, useValue: new ReadWitnesses(witnesses, recordings, changes) },
      {
        provide: CreateVerification,
        useValue: new CreateVerification(repeatable, witnesses, verifications, artifacts, evidence, cache, host, order, facts, advisoryLock, clock, random),
      },
      { provide: ReadVerification, useValue: new ReadVerification(verifications, changes) },
      { provide: ReadEvidence, useValue: new ReadEvidence(evidence) },
    ],
    async start() {
      changes.start();
      await watchIncidents.execute();
      for (const schedule of [expiry, watch]) schedule.start();
    },
    async stop() {
      await Promise.all([expiry.stop(), watch.stop()]);
      await changes.stop();
    },
  };
}
