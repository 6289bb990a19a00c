import type { Metadata, sendUnaryData, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import {
  type CreateDeltaRequest,
  type CreateDeltaResponse,
  type CreateIndexRequest,
  type CreateIndexResponse,
  type FindFunctionRequest,
  type FindFunctionResponse,
  type GetArtifactRequest,
  type GetArtifactResponse,
  type GetDeltaRequest,
  type GetDeltaResponse,
  type ListDeltaUnitsRequest,
  type ListDeltaUnitsResponse,
  type UploadArtifactRequest,
  type UploadArtifactResponse,
  type VerifyDeltaRequest,
  type VerifyDeltaResponse,
  VerifyMode,
} from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import { type Action, authorize } from '@stella/platform-auth';
import { clientStream, principalOf, signalOf } from '@stella/platform-grpc';
import { CreateDelta } from '../application/create-delta.js';
import { CreateIndex } from '../application/create-index.js';
import { Describe } from '../application/describe.js';
import { FindFunction } from '../application/find-function.js';
import { GetArtifact } from '../application/get-artifact.js';
import type { FunctionSought } from '../application/ports.js';
import { ReadDeltas } from '../application/read-deltas.js';
import { UploadArtifact } from '../application/upload-artifact.js';
import { VerifyDelta } from '../application/verify-delta.js';
import { limits } from '../limits.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { toArtifact, toDelta, toIndex, toOccurrence, toUnit } from './to-message.js';
import { receiveUpload } from './upload.js';

type Call = ServerUnaryCall<unknown, unknown>;

@Controller()
export class DeltaIndexController {
  constructor(
    private readonly upload: UploadArtifact,
    private readonly artifacts: GetArtifact,
    private readonly indexing: CreateIndex,
    private readonly comparing: CreateDelta,
    private readonly deltas: ReadDeltas,
    private readonly verification: VerifyDelta,
    private readonly functions: FindFunction,
    private readonly describe: Describe,
  ) {}

  @GrpcStreamCall('DeltaIndexService', 'uploadArtifact')
  uploadArtifact(call: ServerReadableStream<UploadArtifactRequest, UploadArtifactResponse>, callback: sendUnaryData<UploadArtifactResponse>): Promise<void> {
    return clientStream(call, callback, async (messages) => {
      const tenant = tenantThatMay('write', 'artifact', call.metadata);
      const { header, bytes } = await receiveUpload(messages);
      const artifact = await this.upload.execute({ tenant, sha256: header.sha256, sizeBytes: Number(header.sizeBytes), label: header.label, bytes });
      return { artifact: toArtifact(artifact) };
    });
  }

  @GrpcMethod('DeltaIndexService', 'getArtifact')
  async getArtifact({ name }: GetArtifactRequest, metadata: Metadata): Promise<GetArtifactResponse> {
    return { artifact: toArtifact(await this.artifacts.execute(tenantThatMay('read', 'artifact', metadata), idOf(name))) };
  }

  @GrpcMethod('DeltaIndexService', 'createIndex')
  async createIndex({ requestId, artifactSha256 }: CreateIndexRequest, metadata: Metadata, call: Call): Promise<CreateIndexResponse> {
    const tenant = tenantThatMay('write', 'index', metadata);
    const { record, cached } = await this.indexing.execute({ tenant, requestId, artifactSha256 }, signalOf(call));
    return { index: toIndex(await this.describe.index(record), cached) };
  }

  @GrpcMethod('DeltaIndexService', 'createDelta')
  async createDelta({ requestId, baselineSha256, candidateSha256 }: CreateDeltaRequest, metadata: Metadata, call: Call): Promise<CreateDeltaResponse> {
    const tenant = tenantThatMay('write', 'delta', metadata);
    const { record, cached } = await this.comparing.execute({ tenant, requestId, baselineSha256, candidateSha256 }, signalOf(call));
    return { delta: toDelta(await this.describe.delta(record), cached) };
  }

  @GrpcMethod('DeltaIndexService', 'getDelta')
  async getDelta({ name }: GetDeltaRequest, metadata: Metadata): Promise<GetDeltaResponse> {
    const record = await this.deltas.get(tenantThatMay('read', 'delta', metadata), idOf(name));
    return { delta: toDelta(await this.describe.delta(record), true) };
  }

  @GrpcMethod('DeltaIndexService', 'listDeltaUnits')
  async listDeltaUnits({ parent, kind, pageSize, pageToken }: ListDeltaUnitsRequest, metadata: Metadata): Promise<ListDeltaUnitsResponse> {
    const tenant = tenantThatMay('read', 'delta', metadata);
    const list = `units ${parent} ${kind}`;
    const { units, lastPosition } = await this.deltas.units({
      tenant,
      deltaId: idOf(parent),
      kind: kind || undefined,
      afterPosition: decodePageToken(pageToken, list).position,
      pageSize: pageSize || limits.pageSizeDefault,
    });
    return { units: units.map(toUnit), nextPageToken: lastPosition === undefined ? '' : encodePageToken({ artifactSha256: '', position: lastPosition }, list) };
  }

  @GrpcMethod('DeltaIndexService', 'verifyDelta')
  async verifyDelta({ envelope, mode }: VerifyDeltaRequest, metadata: Metadata, call: Call): Promise<VerifyDeltaResponse> {
    const isDeep = mode === VerifyMode.VERIFY_MODE_DEEP;
    const tenant = tenantThatMay('read', 'delta', metadata);
    const verdict = await this.verification.execute({ tenant, envelope, mode: isDeep ? 'deep' : 'fast' }, signalOf(call));
    const { refusal, detail, provenance, durationSeconds } = verdict;
    return { valid: refusal === '', refusal, detail, provenance, durationUs: BigInt(Math.round(durationSeconds * 1e6)) };
  }

  @GrpcMethod('DeltaIndexService', 'findFunction')
  async findFunction({ identity, pageSize, pageToken }: FindFunctionRequest, metadata: Metadata): Promise<FindFunctionResponse> {
    const tenant = tenantThatMay('read', 'function', metadata);
    const sought = soughtBy(identity);
    const list = `functions ${sought.by} ${sought.value}`;
    const { occurrences, last } = await this.functions.execute({ tenant, sought, after: decodePageToken(pageToken, list), pageSize: pageSize || limits.pageSizeDefault });
    return { occurrences: occurrences.map(toOccurrence), nextPageToken: last ? encodePageToken(last, list) : '' };
  }
}

/** The caller's tenant. @throws DomainError PERMISSION_DENIED */
function tenantThatMay(action: Action, type: string, metadata: Metadata): string {
  const principal = principalOf(metadata);
  authorize(principal, action, { type, id: '*', tenant: principal.tenant });
  return principal.tenant;
}

/** Of `artifacts/{id}` and `deltas/{id}`, whose form the proto's rules have checked. */
function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function soughtBy(identity: FindFunctionRequest['identity']): FunctionSought {
  if (!identity) throw new DomainError('REQUEST_INVALID', { fields: 'identity' });
  return { by: identity.$case === 'functionName' ? 'name' : identity.$case, value: identity.value };
}
