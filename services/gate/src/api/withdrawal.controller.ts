import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type * as gate from '@stella/contracts/stella/gate/v1alpha/gate';
import type { Principal } from '@stella/platform-auth';
import { ReadVerdicts } from '../application/read-verdicts.js';
import { RevokeTrust } from '../application/revoke-trust.js';
import { SayWithdrawal } from '../application/say-withdrawal.js';
import { limits } from '../limits.js';
import { callerThatMay, may } from './access.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromKind, fromReason, toListedWithdrawal, toWithdrawal } from './translate.js';

/** What people take back and reinstate. */
@Controller()
export class WithdrawalController {
  constructor(
    private readonly say: SayWithdrawal,
    private readonly revoke: RevokeTrust,
    private readonly verdicts: ReadVerdicts,
  ) {}

  @GrpcMethod('GateService', 'withdrawCandidate')
  async withdrawCandidate(request: gate.WithdrawCandidateRequest, metadata: Metadata): Promise<gate.WithdrawCandidateResponse> {
    const said = saidBy(callerThatMay('administer', metadata), request.candidateSha256, request);
    return { withdrawal: toWithdrawal(await this.say.execute({ ...said, kind: 'candidate', standing: 'withdrawn', verdict: '' }), true) };
  }

  @GrpcMethod('GateService', 'reinstateCandidate')
  async reinstateCandidate(request: gate.ReinstateCandidateRequest, metadata: Metadata): Promise<gate.ReinstateCandidateResponse> {
    const said = saidBy(callerThatMay('administer', metadata), request.candidateSha256, request);
    return { withdrawal: toWithdrawal(await this.say.execute({ ...said, kind: 'candidate', standing: 'reinstated', verdict: '' }), true) };
  }

  @GrpcMethod('GateService', 'revokeTrustedKey')
  async revokeTrustedKey(request: gate.RevokeTrustedKeyRequest, metadata: Metadata): Promise<gate.RevokeTrustedKeyResponse> {
    return { withdrawal: toWithdrawal(await this.revoke.key(saidBy(callerThatMay('administer', metadata), request.fingerprint, request)), true) };
  }

  @GrpcMethod('GateService', 'revokePolicy')
  async revokePolicy(request: gate.RevokePolicyRequest, metadata: Metadata): Promise<gate.RevokePolicyResponse> {
    return { withdrawal: toWithdrawal(await this.revoke.policy(saidBy(callerThatMay('administer', metadata), request.policySha256, request)), true) };
  }

  @GrpcMethod('GateService', 'listWithdrawals')
  async listWithdrawals({ kind, pageSize, pageToken }: gate.ListWithdrawalsRequest, metadata: Metadata): Promise<gate.ListWithdrawalsResponse> {
    const { tenant } = callerThatMay('read', metadata);
    const list = `withdrawals ${tenant} ${kind}`;
    const { records, next } = await this.verdicts.withdrawn(tenant, fromKind(kind), decodePageToken(pageToken, list), pageSize || limits.pageSizeDefault);
    const isNoteShown = may('administer', metadata);
    return { withdrawals: records.map((record) => toListedWithdrawal(record, isNoteShown)), nextPageToken: encodePageToken(next, list) };
  }
}

function saidBy({ tenant, subject }: Principal, id: string, { reason, note }: { readonly reason: gate.WithdrawalReason; readonly note: string }) {
  return { tenant, id, note, by: subject, reason: fromReason(reason) };
}
