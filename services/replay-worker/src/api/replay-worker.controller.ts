import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { GetCapabilitiesRequest, GetCapabilitiesResponse } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import { authorize } from '@stella/platform-auth';
import { principalOf } from '@stella/platform-grpc';
import { DescribeHost } from '../application/describe-host.js';

@Controller()
export class ReplayWorkerController {
  constructor(private readonly describe: DescribeHost) {}

  @GrpcMethod('ReplayWorkerService', 'getCapabilities')
  async getCapabilities(_request: GetCapabilitiesRequest, metadata: Metadata): Promise<GetCapabilitiesResponse> {
    const principal = principalOf(metadata);
    authorize(principal, 'read', { type: 'replay-worker', id: '*', tenant: principal.tenant });
    const { host, capabilities, isolation, determinism } = await this.describe.execute();
    return { host: { ...host, closure: [...host.closure] }, capabilities: [...capabilities], isolation, determinism };
  }
}
