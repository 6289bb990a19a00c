import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type {
  ExplainMatchRequest,
  ExplainMatchResponse,
  GetStackRequest,
  GetStackResponse,
  IngestStackRequest,
  IngestStackResponse,
  ListStacksRequest,
  ListStacksResponse,
  MatchStackRequest,
  MatchStackResponse,
} from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { DomainError } from '@stella/errors';
import { type Action, authorize } from '@stella/platform-auth';
import { principalOf } from '@stella/platform-grpc';
import { ExplainMatch } from '../application/explain-match.js';
import { IngestStack } from '../application/ingest-stack.js';
import { type MatchQuery, MatchStack } from '../application/match-stack.js';
import { ReadStacks } from '../application/read-stacks.js';
import { stackIdOfName } from '../domain/stack.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromSource, toExplanation, toMatchMessage, toStackMessage, toVerdict } from './translate.js';

@Controller()
export class StackGraphController {
  constructor(
    private readonly ingest: IngestStack,
    private readonly read: ReadStacks,
    private readonly match: MatchStack,
    private readonly explain: ExplainMatch,
  ) {}

  @GrpcMethod('StackGraphService', 'ingestStack')
  async ingestStack({ requestId, source, incident }: IngestStackRequest, metadata: Metadata): Promise<IngestStackResponse> {
    const tenant = tenantThatMay('write', metadata);
    const stack = await this.ingest.execute({ tenant, requestId, source: fromSource(source), incident: incident || undefined });
    return { stack: toStackMessage(stack) };
  }

  @GrpcMethod('StackGraphService', 'getStack')
  async getStack({ name }: GetStackRequest, metadata: Metadata): Promise<GetStackResponse> {
    return { stack: toStackMessage(await this.read.one(tenantThatMay('read', metadata), stackIdOfName(name))) };
  }

  @GrpcMethod('StackGraphService', 'listStacks')
  async listStacks({ incident, pageSize, pageToken }: ListStacksRequest, metadata: Metadata): Promise<ListStacksResponse> {
    const tenant = tenantThatMay('read', metadata);
    const list = `${tenant}\0${incident}`;
    const { stacks, next } = await this.read.page(tenant, incident || undefined, decodePageToken(pageToken, list), pageSize);
    return { stacks: stacks.map(toStackMessage), nextPageToken: next ? encodePageToken(next, list) : '' };
  }

  @GrpcMethod('StackGraphService', 'matchStack')
  async matchStack({ query, matchesMax }: MatchStackRequest, metadata: Metadata): Promise<MatchStackResponse> {
    const tenant = tenantThatMay('read', metadata);
    const { matches, verdict, normalised, durationUs } = await this.match.execute(tenant, fromQuery(query), matchesMax);
    return { matches: matches.map(toMatchMessage), verdict: toVerdict(verdict), normalised: toStackMessage(normalised), durationUs };
  }

  @GrpcMethod('StackGraphService', 'explainMatch')
  async explainMatch({ stack, other }: ExplainMatchRequest, metadata: Metadata): Promise<ExplainMatchResponse> {
    const tenant = tenantThatMay('read', metadata);
    return toExplanation(await this.explain.execute(tenant, stackIdOfName(stack), stackIdOfName(other)));
  }
}

function fromQuery(query: MatchStackRequest['query']): MatchQuery {
  if (!query) throw new DomainError('REQUEST_INVALID', { fields: 'query' });
  return query.$case === 'stack' ? { stackId: stackIdOfName(query.value) } : { source: fromSource(query.value) };
}

/** A graph is its tenant's: whoever may act on stacks acts on those of the own tenant. */
function tenantThatMay(action: Action, metadata: Metadata): string {
  const principal = principalOf(metadata);
  authorize(principal, action, { type: 'stack', id: '*', tenant: principal.tenant });
  return principal.tenant;
}
