import { randomUUID } from 'node:crypto';
import { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { StackMatched } from '@stella/contracts/stella/csfg/v1alpha/events';
import { WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import { MatchVerdict, type MatchStackResponse, type Stack, StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import type { TestDatabase } from '@stella/platform-database/testing';
import type { EventDraft } from '@stella/platform-events';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import { type TestRuntime, startTestRuntime } from '@stella/platform-runtime/testing';
import { csfgService } from '../src/index.js';
import { PublishedSymbols } from './samples.js';

export type Graph = GrpcClient<typeof StackGraphServiceService>;
export type Matched = StackMatched & { readonly tenant: string };

/** The service between two neighbours that do nothing but publish and listen. */
export interface TestGraph {
  readonly test: TestRuntime;
  readonly symbols: PublishedSymbols;
  /** Every `stack-matched` that arrived, in order. */
  readonly matched: Matched[];
  graph(tenant?: string): Graph;
  recordWitness(witness: Partial<WitnessRecorded>, tenant?: string): Promise<void>;
  publishPack(pack: string, gnuBuildId: string): Promise<void>;
}

export async function startGraph(database?: TestDatabase, symbols = new PublishedSymbols()): Promise<TestGraph> {
  const contexts: Record<string, ServiceContext> = {};
  const matched: Matched[] = [];
  const neighbour = (name: string, grpc: StellaService['grpc']): StellaService => ({
    name,
    grpc,
    wire: (context) => {
      contexts[name] = context;
      if (name === 'frvf') {
        context.events.subscribe(
          { topic: 'stella.csfg.stack-matched.v1alpha' },
          { commit: async (event) => void matched.push({ ...StackMatched.decode(event.payload), tenant: event.tenant }) },
        );
      }
      return { controllers: [], providers: [] };
    },
  });
  const test = await startTestRuntime(
    [
      csfgService({ symbolSource: symbols }),
      neighbour('frvf', { 'stella.frvf.v1alpha.WitnessService': WitnessServiceService }),
      neighbour('marketplace', { 'stella.marketplace.v1alpha.MarketplaceService': MarketplaceServiceService }),
    ],
    database ? { database } : {},
  );
  const publish = async (from: string, draft: EventDraft): Promise<void> => {
    const context = contexts[from] as ServiceContext;
    await context.database.tx((tx) => context.events.append(tx, draft));
  };
  return {
    test,
    symbols,
    matched,
    graph: (tenant = 'acme') => test.client(StackGraphServiceService, { tenant }),
    recordWitness: (witness, tenant = 'acme') => {
      const payload = WitnessRecorded.encode(WitnessRecorded.fromPartial(witness)).finish();
      return publish('frvf', { topic: 'stella.frvf.witness-recorded.v1alpha', tenant, key: witness.witness ?? 'witnesses/1', payload });
    },
    publishPack: (pack, gnuBuildId) => {
      const payload = PackPublished.encode(PackPublished.fromPartial({ pack, kind: 'symbols', files: [{ gnuBuildId, hasDebugInfo: true }] })).finish();
      return publish('marketplace', { topic: 'stella.marketplace.pack-published.v1alpha', tenant: 'publisher', key: pack, payload });
    },
  };
}

export function text(value: string) {
  return { source: { $case: 'text' as const, value } };
}

export function native(json: string) {
  return { source: { $case: 'nativeJson' as const, value: Buffer.from(json) } };
}

export async function ingest(graph: Graph, source: ReturnType<typeof text> | ReturnType<typeof native>, incident = '', requestId = randomUUID()): Promise<Stack> {
  const { stack } = await graph.ingestStack({ requestId, source, incident });
  if (!stack) throw new Error('the answer holds no stack');
  return stack;
}

export function match(graph: Graph, source: ReturnType<typeof text> | ReturnType<typeof native>, matchesMax = 0): Promise<MatchStackResponse> {
  return graph.matchStack({ query: { $case: 'source', value: source }, matchesMax });
}

/** Incidents that an answer calls the same. */
export function sameIncidents({ matches }: MatchStackResponse): string[] {
  return [...new Set(matches.filter(({ verdict }) => verdict === MatchVerdict.MATCH_VERDICT_SAME).map(({ incident }) => incident))];
}
