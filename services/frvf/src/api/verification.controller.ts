import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { PREDICATE_TYPES } from '@stella/attestation';
import type * as frvf from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { signalOf } from '@stella/platform-grpc';
import { CreateVerification } from '../application/create-verification.js';
import { ReadEvidence } from '../application/read-evidence.js';
import { ReadVerification } from '../application/read-verification.js';
import type { Verification } from '../domain/verification.js';
import { idOf, toVerification } from './translate.js';
import { tenantThatMay } from './witness.controller.js';

@Controller()
export class VerificationController {
  constructor(
    private readonly create: CreateVerification,
    private readonly read: ReadVerification,
    private readonly evidence: ReadEvidence,
  ) {}

  @GrpcMethod('WitnessService', 'createVerification')
  async createVerification(request: frvf.CreateVerificationRequest, metadata: Metadata): Promise<frvf.CreateVerificationResponse> {
    const tenant = tenantThatMay('write', metadata);
    const { requestId, witness, artifactSha256, replays, fresh } = request;
    const { verification, cached } = await this.create.execute({ tenant, requestId, witnessId: idOf(witness), artifactSha256, replays, fresh });
    return { verification: await this.#message(verification, cached) };
  }

  @GrpcMethod('WitnessService', 'getVerification')
  async getVerification(request: frvf.GetVerificationRequest, metadata: Metadata, call: ServerUnaryCall<unknown, unknown>): Promise<frvf.GetVerificationResponse> {
    const tenant = tenantThatMay('read', metadata);
    const verification = await this.read.execute({ tenant, id: idOf(request.name) }, { waitMs: request.waitMs, signal: signalOf(call) });
    return { verification: await this.#message(verification, false) };
  }

  async #message(verification: Verification, cached: boolean): Promise<frvf.Verification> {
    const { result } = verification;
    return toVerification(verification, cached, result && (await this.evidence.execute(PREDICATE_TYPES.verifyResult, result.evidenceSha256)));
  }
}
