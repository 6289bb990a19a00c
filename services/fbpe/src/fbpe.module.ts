import { fileURLToPath } from 'node:url';
import type { PublicKey, Signer } from '@stella/attestation';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { AdvisoryLocks } from '@stella/platform-database';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { noteKey } from '@stella/transparency-log';
import { FileSignedHead } from './adapters/file-signed-head.js';
import { HttpPeers } from './adapters/http-peers.js';
import { PsdiDeltaVerifier } from './adapters/psdi-delta-verifier.js';
import { SqlEntryRepository } from './adapters/sql-entry-repository.js';
import { SqlForeignRepository } from './adapters/sql-foreign-repository.js';
import { SqlPeeringRepository } from './adapters/sql-peering-repository.js';
import { SqlTileStore } from './adapters/sql-tile-store.js';
import { SqlVerificationRepository } from './adapters/sql-verification-repository.js';
import { subscribeToEvidence } from './api/evidence-consumers.js';
import { FederationController, OWN_NODE } from './api/federation.controller.js';
import { LogController } from './api/log.controller.js';
import { AddCheckpoint } from './application/add-checkpoint.js';
import { AppendBatch } from './application/append-batch.js';
import { AppendEntry } from './application/append-entry.js';
import { CheckEntries } from './application/check-entries.js';
import { CosignPeer } from './application/cosign-peer.js';
import { FetchPayloads } from './application/fetch-payloads.js';
import { FollowPeer } from './application/follow-peer.js';
import { FreezePeering } from './application/freeze-peering.js';
import { LogSequencer } from './application/log-sequencer.js';
import { LogView } from './application/log-view.js';
import { Peerings } from './application/peerings.js';
import type { DeltaVerifier, OwnNode, SignedHead } from './application/ports.js';
import { PullPeer } from './application/pull-peer.js';
import { PullSchedule } from './application/pull-schedule.js';
import { ReadEntries } from './application/read-entries.js';
import { ServePayload } from './application/serve-payload.js';
import { StoreEntries } from './application/store-entries.js';
import { TakeCosignature } from './application/take-cosignature.js';
import { cosignerName } from './domain/origin.js';
import { FederationEvents } from './events.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface FbpeOptions {
  /** Ed25519; signs checkpoints. */
  readonly logSigner: Signer;
  /** Ed25519; cosigns peers' checkpoints and proves to peers who asks. */
  readonly cosigner: Signer;
  /** Signs what this node finds about peers' evidence. */
  readonly evidenceSigner: Signer;
  /** The other keys that sign evidence of this node; peers are told of them. */
  readonly evidenceKeys?: readonly PublicKey[];
  readonly organisation: string;
  /** The log's origin line: a name without spaces and plus signs, never used for another log. */
  readonly origin: string;
  /** Nodes with development keys never count as anybody's partner. */
  readonly development: boolean;
  /** 0: peers are pulled only when somebody asks. */
  readonly pullIntervalMs: number;
  /** A file beside the log's key that says how far it has signed; or a port to something that does, for several processes. */
  readonly signedHead: string | SignedHead;
  /** Default: the psdi of this node. */
  readonly deltaVerifier?: DeltaVerifier;
}

/** The federated binary provenance exchange: a log of evidence, and peers that check it. */
export function fbpeService(options: FbpeOptions): StellaService {
  return {
    name: 'fbpe',
    grpc: { 'stella.fbpe.v1alpha.FederationService': FederationServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, peers, logger, metrics, clock, ids, random }: ServiceContext, options: FbpeOptions): ServiceParts {
  const own = ownNode(options);
  const facts = new FederationEvents(own.origin, events, logger, metrics);
  const tiles = new SqlTileStore(database, own.origin);
  const entries = new SqlEntryRepository(database, own.origin);
  const foreign = new SqlForeignRepository(database);
  const verifications = new SqlVerificationRepository(database);
  const repository = new SqlPeeringRepository(database);
  const signedHead = typeof options.signedHead === 'string' ? new FileSignedHead(options.signedHead) : options.signedHead;

  const batch = new AppendBatch(own, database, tiles, entries, signedHead, facts, clock);
  const sequencer = new LogSequencer(batch);
  const append = new AppendEntry(own, blobs, entries, sequencer);
  const log = new LogView(tiles);

  const deltas = options.deltaVerifier ?? new PsdiDeltaVerifier(peers.client('psdi', DeltaIndexServiceService));
  const freeze = new FreezePeering(database, repository, facts, clock);
  const peerings = new Peerings(own, repository, ids);
  const steps = {
    follow: new FollowPeer(own, freeze),
    store: new StoreEntries(database, repository, foreign, clock),
    cosign: new CosignPeer(own, database, repository, foreign, facts, clock),
    payloads: new FetchPayloads(blobs, foreign, facts),
    check: new CheckEntries(own, database, blobs, entries, foreign, verifications, append, deltas, facts, clock, random),
  };
  const pull = new PullPeer(own, peerings, repository, new HttpPeers(own, clock), steps, verifications, new AdvisoryLocks(database), facts, clock);
  const schedule = new PullSchedule(repository, pull, options.pullIntervalMs, random, (error) => logger.error({ err: error }, 'the pulls of this round failed'));

  subscribeToEvidence(events, blobs, append);
  const provide = <T extends object>(value: T) => ({ provide: value.constructor, useValue: value });
  return {
    controllers: [FederationController, LogController],
    providers: [
      { provide: OWN_NODE, useValue: own },
      provide(append),
      provide(new ReadEntries(own, entries, foreign, entries, verifications, log, blobs, facts)),
      provide(log),
      provide(peerings),
      provide(pull),
      provide(new ServePayload(own, blobs, entries, repository, clock)),
      provide(new TakeCosignature(own, tiles, repository, facts, clock)),
      provide(new AddCheckpoint(own, database, repository, freeze, facts, clock)),
    ],
    start: async () => {
      await batch.open();
      schedule.start();
    },
    stop: async () => {
      await schedule.stop();
      await sequencer.idle();
    },
  };
}

function ownNode(options: FbpeOptions): OwnNode {
  const { logSigner, cosigner, evidenceSigner, organisation, origin, development } = options;
  const evidenceKeys = [evidenceSigner.publicKey, ...(options.evidenceKeys ?? [])];
  return {
    organisation,
    origin,
    development,
    log: { key: noteKey(origin, 'ed25519', logSigner.publicKey), signer: logSigner },
    cosigner: { key: noteKey(cosignerName(organisation), 'cosignature', cosigner.publicKey), signer: cosigner },
    evidence: evidenceSigner,
    evidenceKeys: [...new Map(evidenceKeys.map(({ fingerprint, spki }) => [fingerprint, spki])).values()],
    keys: new Set([logSigner.keyId, cosigner.keyId, ...evidenceKeys.map(({ fingerprint }) => fingerprint)]),
  };
}
