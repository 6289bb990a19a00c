import type { Metadata, ServerWritableStream } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type {
  EvaluateReleaseRequest,
  EvaluateReleaseResponse,
  GetBundleRequest,
  GetBundleResponse,
  GetTrustResponse,
  GetVerdictRequest,
  GetVerdictResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  ListVerdictsRequest,
  ListVerdictsResponse,
  RevokeVerdictRequest,
  RevokeVerdictResponse,
} from '@stella/contracts/stella/gate/v1alpha/gate';
import { type Action, authorize } from '@stella/platform-auth';
import { principalOf, serverStream, signalOf } from '@stella/platform-grpc';
import type { Observable } from 'rxjs';
import { EvaluateRelease, type EvaluationEvent } from '../application/evaluate-release.js';
import { Policies } from '../application/policies.js';
import { ReadVerdicts } from '../application/read-verdicts.js';
import { Revocations } from '../application/revocations.js';
import { RevokeVerdict } from '../application/revoke-verdict.js';
import { TrustDocuments } from '../application/trust-documents.js';
import { limits } from '../limits.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { toPolicy, toQuestion, toVerdict } from './translate.js';

@Controller()
export class GateController {
  constructor(
    private readonly evaluation: EvaluateRelease,
    private readonly verdicts: ReadVerdicts,
    private readonly revocation: RevokeVerdict,
    private readonly policies: Policies,
    private readonly revocations: Revocations,
    private readonly trust: TrustDocuments,
  ) {}

  @GrpcMethod('GateService', 'evaluateRelease')
  evaluateRelease(request: EvaluateReleaseRequest, metadata: Metadata, call: ServerWritableStream<EvaluateReleaseRequest, EvaluateReleaseResponse>): Observable<never> {
    return serverStream(call, this.#evaluate(request, metadata, signalOf(call)));
  }

  @GrpcMethod('GateService', 'getVerdict')
  async getVerdict({ name }: GetVerdictRequest, metadata: Metadata): Promise<GetVerdictResponse> {
    return { verdict: toVerdict(await this.verdicts.get(tenantThatMay('read', metadata), idOf(name)), true) };
  }

  @GrpcMethod('GateService', 'listVerdicts')
  async listVerdicts({ candidateSha256, pageSize, pageToken }: ListVerdictsRequest, metadata: Metadata): Promise<ListVerdictsResponse> {
    const tenant = tenantThatMay('read', metadata);
    const { records, next } = await this.verdicts.list(tenant, candidateSha256 || undefined, decodePageToken(pageToken), pageSize || limits.pageSizeDefault);
    return { verdicts: records.map((record) => toVerdict(record, true)), nextPageToken: encodePageToken(next) };
  }

  @GrpcMethod('GateService', 'getBundle')
  getBundle({ verdict }: GetBundleRequest, metadata: Metadata, call: ServerWritableStream<GetBundleRequest, GetBundleResponse>): Observable<never> {
    return serverStream(call, this.#bundle(tenantThatMay('read', metadata), idOf(verdict)));
  }

  @GrpcMethod('GateService', 'revokeVerdict')
  async revokeVerdict({ verdict, reason }: RevokeVerdictRequest, metadata: Metadata): Promise<RevokeVerdictResponse> {
    return { verdict: toVerdict(await this.revocation.execute(tenantThatMay('administer', metadata), idOf(verdict), reason), true) };
  }

  @GrpcMethod('GateService', 'listPolicies')
  async listPolicies(_request: ListPoliciesRequest, metadata: Metadata): Promise<ListPoliciesResponse> {
    tenantThatMay('read', metadata);
    return { policies: (await this.policies.list()).map(toPolicy), nextPageToken: '' };
  }

  @GrpcMethod('GateService', 'getTrust')
  async getTrust(_request: object, metadata: Metadata): Promise<GetTrustResponse> {
    tenantThatMay('read', metadata);
    const { trustRoot, rootKeyFingerprint } = this.trust;
    return { trustRoot: Buffer.from(trustRoot), rootKeyFingerprint, revocationList: Buffer.from(await this.revocations.sign()) };
  }

  async *#evaluate(request: EvaluateReleaseRequest, metadata: Metadata, signal: AbortSignal): AsyncGenerator<EvaluateReleaseResponse> {
    const tenant = tenantThatMay('write', metadata);
    // Whoever says that a build runs vouches for it.
    if (request.baselineBasis === 'runs') tenantThatMay('operate', metadata);
    for await (const event of this.evaluation.execute(toQuestion(tenant, request), signal)) yield toMessage(event);
  }

  async *#bundle(tenant: string, id: string): AsyncGenerator<GetBundleResponse> {
    for await (const bytes of await this.verdicts.bundle(tenant, id)) {
      for (let at = 0; at < bytes.byteLength; at += limits.bundleChunkBytes) {
        yield { chunk: { data: Buffer.from(bytes.subarray(at, at + limits.bundleChunkBytes)) } };
      }
    }
  }
}

function toMessage(event: EvaluationEvent): EvaluateReleaseResponse {
  if (event.kind === 'verdict') return { event: { $case: 'verdict', value: toVerdict(event.record, event.cached) } };
  return { event: { $case: 'progress', value: { ...event.progress, elapsedMs: BigInt(Math.round(event.elapsedMs)) } } };
}

function tenantThatMay(action: Action, metadata: Metadata): string {
  const principal = principalOf(metadata);
  authorize(principal, action, { type: 'verdict', id: '*', tenant: principal.tenant });
  return principal.tenant;
}

function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
