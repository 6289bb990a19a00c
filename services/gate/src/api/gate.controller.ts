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
import { DomainError } from '@stella/errors';
import type { Action } from '@stella/platform-auth';
import { serverStream, signalOf } from '@stella/platform-grpc';
import type { Observable } from 'rxjs';
import { EvaluateRelease, type EvaluationEvent } from '../application/evaluate-release.js';
import { GateTrust } from '../application/gate-trust.js';
import { Policies } from '../application/policies.js';
import { ReadVerdicts } from '../application/read-verdicts.js';
import { Revocations } from '../application/revocations.js';
import { RevokeVerdict } from '../application/revoke-verdict.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import { baselineWord, callerThatMay } from './access.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromReason, toListedVerdict, toPolicy, toQuestion, toVerdict, toWithdrawal } from './translate.js';

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
    return { verdict: await this.#toVerdict(await this.verdicts.get(tenantThatMay('read', metadata), idOf(name)), true) };
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
  async revokeVerdict({ verdict, reason: note, word }: RevokeVerdictRequest, metadata: Metadata): Promise<RevokeVerdictResponse> {
    const { tenant, subject } = callerThatMay('administer', metadata);
    const { record, withdrawal } = await this.revocation.execute({ tenant, id: idOf(verdict), reason: fromReason(word), note, by: subject });
    return { verdict: await this.#toVerdict(record, true), withdrawal: withdrawal && toWithdrawal(withdrawal, true) };
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
    const { signed } = await this.revocations.current(tenantThatMay('read', metadata));
    return { trustRoot: Buffer.from(this.trust.envelope), rootKeyFingerprint: this.trust.rootKeyFingerprint, revocationList: Buffer.from(signed.envelope) };
  }

  async *#evaluate(request: EvaluateReleaseRequest, metadata: Metadata, signal: AbortSignal): AsyncGenerator<EvaluateReleaseResponse> {
    const tenant = tenantThatMay('write', metadata);
    const question = toQuestion(tenant, baselineWord(request.baselineBasis, metadata), request);
    for await (const event of this.evaluation.execute(question, signal)) yield await this.#toMessage(event);
  }

  async #toMessage(event: EvaluationEvent): Promise<EvaluateReleaseResponse> {
    if (event.kind === 'verdict') return { event: { $case: 'verdict', value: await this.#toVerdict(event.record, event.cached) } };
    return { event: { $case: 'progress', value: { ...event.progress, elapsedMs: BigInt(event.elapsedMs) } } };
  }

  async #toVerdict(record: VerdictRecord, cached: boolean): Promise<Verdict> {
    return toVerdict(record, this.trust.sigstoreBundle(record.vsa), cached, await this.verdicts.withdrawal(record.tenant, record.verdict.candidate.sha256));
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
  return callerThatMay(action, metadata).tenant;
}

function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
