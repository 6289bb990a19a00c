import { fileURLToPath } from 'node:url';
import { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { CedarApprovalPolicy, type TrustedPublisher } from './adapters/cedar-approval-policy.js';
import { NativeBinaryReader } from './adapters/native-binary-reader.js';
import { NativeSymbolizer } from './adapters/native-symbolizer.js';
import { Permits } from './adapters/permits.js';
import { PublicationFeed } from './adapters/publication-feed.js';
import { SqlKeyRepository } from './adapters/sql-key-repository.js';
import { SqlNamespaceRepository } from './adapters/sql-namespace-repository.js';
import { SqlPackRepository } from './adapters/sql-pack-repository.js';
import { SqlRequestRepository } from './adapters/sql-request-repository.js';
import { SqlUploadRepository } from './adapters/sql-upload-repository.js';
import { DebuginfodController } from './api/debuginfod.controller.js';
import { HotFiles } from './api/hot-files.js';
import { MarketplaceController, MarketplaceUseCases } from './api/marketplace.controller.js';
import { CreateNamespace } from './application/create-namespace.js';
import { CreateUpload } from './application/create-upload.js';
import { DecidePack } from './application/decide-pack.js';
import { FinalizeUpload } from './application/finalize-upload.js';
import { FollowPublications } from './application/follow-publications.js';
import { InspectFiles } from './application/inspect-files.js';
import { DEFAULT_LICENCE_POLICY, type LicencePolicy } from './application/licence-check.js';
import { LookUpBuilds } from './application/look-up-builds.js';
import { Once } from './application/once.js';
import { ReadPacks } from './application/read-packs.js';
import { ReceiveFile } from './application/receive-file.js';
import { RegisterKey } from './application/register-key.js';
import { RevokeKey } from './application/revoke-key.js';
import { ServeBuild } from './application/serve-build.js';
import { SymbolCache } from './application/symbol-cache.js';
import { SymbolizeLocations } from './application/symbolize-locations.js';
import { ValidatePack } from './application/validate-pack.js';
import { VerifyManifest } from './application/verify-manifest.js';
import { BuildIndex } from './domain/build-index.js';
import { MarketplaceEvents } from './events.js';
import { limits } from './limits.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface MarketplaceOptions {
  /** Publishers whose packs go live when every check has passed; everybody else's wait for a review. Default: nobody. */
  readonly trustedPublishers?: readonly TrustedPublisher[];
  readonly licencePolicy?: LicencePolicy;
  /** How long an upload may take until it makes a pack. Default: a day. */
  readonly uploadLifetimeMs?: number;
}

/** Symbol packs and test harnesses: published signed and checked, looked up by build id. */
export function marketplaceService(options: MarketplaceOptions = {}): StellaService {
  return {
    name: 'marketplace',
    grpc: { 'stella.marketplace.v1alpha.MarketplaceService': MarketplaceServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, logger, metrics, clock, ids }: ServiceContext, options: MarketplaceOptions): ServiceParts {
  const facts = new MarketplaceEvents(events, logger, metrics);
  const nowNs = process.hrtime.bigint;
  const namespaces = new SqlNamespaceRepository(database);
  const keys = new SqlKeyRepository(database);
  const uploads = new SqlUploadRepository(database);
  const packs = new SqlPackRepository(database);
  const once = new Once(database, new SqlRequestRepository(), clock);
  const permits = new Permits(limits.nativeProcessesMax);
  const binaries = new NativeBinaryReader(blobs, permits);
  const index = new BuildIndex();
  const policy = new CedarApprovalPolicy(options.trustedPublishers ?? []);
  const validate = new ValidatePack(new InspectFiles(blobs, binaries), options.licencePolicy ?? DEFAULT_LICENCE_POLICY);
  const publications = new FollowPublications(packs, index, facts, clock);
  const feed = new PublicationFeed(database, () => void publications.catchUp().catch((error: unknown) => logger.warn({ err: error }, 'publications could not be read; trying again')));
  const decide = new DecidePack(database, packs, keys, policy, index, facts, clock);
  const symbolizer = new NativeSymbolizer(blobs, permits);

  const useCases: MarketplaceUseCases = {
    createNamespace: new CreateNamespace(once, namespaces, facts, clock),
    registerKey: new RegisterKey(once, namespaces, keys, facts, clock),
    revokeKey: new RevokeKey(database, namespaces, keys, facts, clock),
    createUpload: new CreateUpload(once, namespaces, uploads, facts, clock, ids, options.uploadLifetimeMs),
    receiveFile: new ReceiveFile(uploads, blobs, facts, clock),
    finalizeUpload: new FinalizeUpload(database, uploads, packs, blobs, new VerifyManifest(keys, clock), validate, decide, facts, clock, ids),
    readPacks: new ReadPacks(packs, blobs, facts),
    lookUpBuilds: new LookUpBuilds(index, facts, nowNs),
    symbolizeLocations: new SymbolizeLocations(index, symbolizer, new SymbolCache(limits.symbolCacheEntriesMax), facts, nowNs),
  };

  return {
    controllers: [MarketplaceController, DebuginfodController],
    providers: [
      { provide: MarketplaceUseCases, useValue: useCases },
      { provide: HotFiles, useValue: new HotFiles(limits.hotFilesBytesMax, limits.sentAtOnceBytesMax) },
      { provide: ServeBuild, useValue: new ServeBuild(index, packs, blobs, binaries, facts, nowNs) },
    ],
    chores: [{ what: 'uploads', forget: (rowsMax) => uploads.forgetUnfinished(new Date(clock().getTime() - limits.uploadTombstoneMs), rowsMax) }],
    start: async () => {
      await publications.catchUp();
      feed.start();
    },
    stop: async () => {
      await feed.stop();
      await publications.idle();
    },
  };
}
