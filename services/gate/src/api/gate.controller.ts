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
  Verdict,
} from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError, isDomainError } from '@stella/errors';
import { type Action, authorize, type Principal } from '@stella/platform-auth';
import { principalOf, serverStream, signalOf } from '@stella/platform-grpc';
import type { Observable } from 'rxjs';
import { EvaluateRelease, type EvaluationEvent } from '../application/evaluate-release.js';
import { GateTrust } from '../application/gate-trust.js';
import { Policies } from '../application/policies.js';
import { ReadVerdicts } from '../application/read-verdicts.js';
import { Revocations } from '../application/revocations.js';
import { RevokeVerdict } from '../application/revoke-verdict.js';
import type { BaselineWord } from '../domain/release.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { toListedVerdict, toPolicy, toQuestion, toVerdict } from './translate.js';

@Controller()
export class GateController {
  constructor(
    private readonly evaluation: EvaluateRelease,
    private readonly verdicts: ReadVerdicts,
    private readonly revocation: RevokeVerdict,
    private readonly policies: Policies,
    private readonly revocations: Revocations,
    private readonly trust: GateTrust,
  ) {}

  @GrpcMethod('GateService', 'evaluateRelease')
  evaluateRelease(request: EvaluateReleaseRequest, metadata: Metadata, call: ServerWritableStream<EvaluateReleaseRequest, EvaluateReleaseResponse>): Observable<never> {
    return serverStream(call, this.#evaluate(request, metadata, signalOf(call)));
  }

  @GrpcMethod('GateService', 'getVerdict')
  async getVerdict({ name }: GetVerdictRequest, metadata: Metadata): Promise<GetVerdictResponse> {
    return { verdict: this.#toVerdict(await this.verdicts.get(tenantThatMay('read', metadata), idOf(name)), true) };
  }

  @GrpcMethod('GateService', 'listVerdicts')
  async listVerdicts({ candidateSha256, pageSize, pageToken }: ListVerdictsRequest, metadata: Metadata): Promise<ListVerdictsResponse> {
    const tenant = tenantThatMay('read', metadata);
    const list = `verdicts ${tenant} ${candidateSha256}`;
    const { records, next } = await this.verdicts.list(tenant, candidateSha256 || undefined, decodePageToken(pageToken, list), pageSize || limits.pageSizeDefault);
    return { verdicts: records.map(toListedVerdict), nextPageToken: encodePageToken(next, list) };
  }

  @GrpcMethod('GateService', 'getBundle')
  getBundle({ verdict }: GetBundleRequest, metadata: Metadata, call: ServerWritableStream<GetBundleRequest, GetBundleResponse>): Observable<never> {
    return serverStream(call, this.#bundle(tenantThatMay('read', metadata), idOf(verdict)));
  }

  @GrpcMethod('GateService', 'revokeVerdict')
  async revokeVerdict({ verdict, reason }: RevokeVerdictRequest, metadata: Metadata): Promise<RevokeVerdictResponse> {
    return { verdict: this.#toVerdict(await this.revocation.execute(tenantThatMay('administer', metadata), idOf(verdict), reason), true) };
  }

  @GrpcMethod('GateService', 'listPolicies')
  async listPolicies({ pageToken }: ListPoliciesRequest, metadata: Metadata): Promise<ListPoliciesResponse> {
    tenantThatMay('read', metadata);
    // There are fewer than the smallest page holds: no token was ever given out.
    if (pageToken !== '') throw new DomainError('PAGE_TOKEN_INVALID');
    return { policies: (await this.policies.list()).map(toPolicy), nextPageToken: '' };
  }

  @GrpcMethod('GateService', 'getTrust')
  async getTrust(_request: object, metadata: Metadata): Promise<GetTrustResponse> {
    tenantThatMay('read', metadata);
    const { envelope } = await this.revocations.current();
    return { trustRoot: Buffer.from(this.trust.envelope), rootKeyFingerprint: this.trust.rootKeyFingerprint, revocationList: Buffer.from(envelope) };
  }

  async *#evaluate(request: EvaluateReleaseRequest, metadata: Metadata, signal: AbortSignal): AsyncGenerator<EvaluateReleaseResponse> {
    const tenant = tenantThatMay('write', metadata);
    const question = toQuestion(tenant, baselineWord(request, principalOf(metadata)), request);
    for await (const event of this.evaluation.execute(question, signal)) yield this.#toMessage(event);
  }

  #toMessage(event: EvaluationEvent): EvaluateReleaseResponse {
    if (event.kind === 'verdict') return { event: { $case: 'verdict', value: this.#toVerdict(event.record, event.cached) } };
    return { event: { $case: 'progress', value: { ...event.progress, elapsedMs: BigInt(event.elapsedMs) } } };
  }

  #toVerdict(record: VerdictRecord, cached: boolean): Verdict {
    return toVerdict(record, this.trust.sigstoreBundle(record.vsa), cached);
  }

  async *#bundle(tenant: string, id: string): AsyncGenerator<GetBundleResponse> {
    for await (const bytes of await this.verdicts.bundle(tenant, id)) {
      for (let at = 0; at < bytes.byteLength; at += limits.bundleChunkBytes) {
        yield { chunk: { data: Buffer.from(bytes.subarray(at, at + limits.bundleChunkBytes)) } };
      }
    }
  }
}

function tenantThatMay(action: Action, metadata: Metadata): string {
  const principal = principalOf(metadata);
  may(principal, action);
  return principal.tenant;
}

/** @throws DomainError PERMISSION_DENIED */
function may(principal: Principal, action: Action): void {
  authorize(principal, action, { type: 'verdict', id: '*', tenant: principal.tenant });
}

/** Whoever says that a build runs vouches for it: its author alone may not. @throws DomainError PERMISSION_DENIED */
function baselineWord({ baselineBasis }: EvaluateReleaseRequest, principal: Principal): BaselineWord {
  if (baselineBasis === 'runs') {
    may(principal, 'operate');
    return 'runs';
  }
  try {
    may(principal, 'operate');
    return 'authorised';
  } catch (error) {
    if (isDomainError(error, 'PERMISSION_DENIED')) return 'nobody';
    throw error;
  }
}

function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
