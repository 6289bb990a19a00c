import { fileURLToPath } from 'node:url';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { MarketplaceSymbols } from './adapters/marketplace-symbols.js';
import { SqlRequestRepository } from './adapters/sql-request-repository.js';
import { SqlStackRepository } from './adapters/sql-stack-repository.js';
import { SqlSymbolRepository } from './adapters/sql-symbol-repository.js';
import { packPublished, stackNamed, stackToName, witnessRecorded } from './api/consumers.js';
import { StackGraphController } from './api/stack-graph.controller.js';
import { AttachStack } from './application/attach-stack.js';
import { ExplainMatch } from './application/explain-match.js';
import { IngestStack } from './application/ingest-stack.js';
import { IngestWitnessStack } from './application/ingest-witness-stack.js';
import { MatchStack } from './application/match-stack.js';
import { NameStack } from './application/name-stack.js';
import { OfferSymbols } from './application/offer-symbols.js';
import type { SymbolSource } from './application/ports.js';
import { ReadStacks } from './application/read-stacks.js';
import { RenormaliseStacks } from './application/renormalise-stacks.js';
import { StoreStack } from './application/store-stack.js';
import { TenantIndexes } from './application/tenant-indexes.js';
import { CsfgEvents, TOPICS } from './events.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface CsfgOptions {
  /** Where names come from; default: the marketplace. */
  readonly symbolSource?: SymbolSource;
}

/** The call-stack fingerprint graph. */
export function csfgService(options: CsfgOptions = {}): StellaService {
  return {
    name: 'csfg',
    grpc: { 'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, events, peers, logger, metrics, clock }: ServiceContext, options: CsfgOptions): ServiceParts {
  const facts = new CsfgEvents(events, logger, metrics);
  const stacks = new SqlStackRepository(database);
  const symbols = new SqlSymbolRepository(database);
  const source = options.symbolSource ?? new MarketplaceSymbols(peers.client('marketplace', MarketplaceServiceService));
  const indexes = new TenantIndexes(stacks, facts);
  const store = new StoreStack(stacks, symbols, indexes, facts, clock);
  const name = new NameStack(stacks, symbols, source, facts);
  const attach = new AttachStack(stacks, indexes, facts);
  const renormalise = new RenormaliseStacks(database, stacks, symbols, facts);

  events.subscribe({ topic: TOPICS.witnessRecorded }, witnessRecorded(new IngestWitnessStack(stacks, store, facts, clock)));
  events.subscribe({ topic: TOPICS.packPublished }, packPublished(new OfferSymbols(stacks, facts)));
  events.subscribe({ topic: TOPICS.stackIngested }, stackToName(name, attach));
  events.subscribe({ topic: TOPICS.symbolsOffered }, stackToName(name, attach));
  events.subscribe({ topic: TOPICS.stackNamed }, stackNamed(attach));

  return {
    controllers: [StackGraphController],
    providers: [
      { provide: IngestStack, useValue: new IngestStack(database, stacks, new SqlRequestRepository(), store, clock) },
      { provide: ReadStacks, useValue: new ReadStacks(stacks) },
      { provide: MatchStack, useValue: new MatchStack(stacks, symbols, indexes, facts, process.hrtime.bigint) },
      { provide: ExplainMatch, useValue: new ExplainMatch(stacks, indexes) },
    ],
    start: async () => {
      await renormalise.execute();
      await indexes.load();
    },
  };
}
