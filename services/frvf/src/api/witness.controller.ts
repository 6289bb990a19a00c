import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { PREDICATE_TYPES } from '@stella/attestation';
import type * as frvf from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { type Action, authorize } from '@stella/platform-auth';
import { principalOf, signalOf } from '@stella/platform-grpc';
import type { Cap } from '@stella/witness';
import { RecordWitness } from '../application/record-witness.js';
import { ReadEvidence } from '../application/read-evidence.js';
import { ReadWitnesses } from '../application/read-witnesses.js';
import type { Recording, Witness } from '../domain/witness.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromCaps, fromInvocation, idOf, toUnfinishedWitness, toWitness } from './translate.js';

type Call = ServerUnaryCall<unknown, unknown>;
const RECORDING = 'recording-';
const NO_WAIT = 0;

@Controller()
export class WitnessController {
  constructor(
    private readonly record: RecordWitness,
    private readonly read: ReadWitnesses,
    private readonly evidence: ReadEvidence,
  ) {}

  @GrpcMethod('WitnessService', 'recordWitness')
  async recordWitness(request: frvf.RecordWitnessRequest, metadata: Metadata, call: Call): Promise<frvf.RecordWitnessResponse> {
    const tenant = tenantThatMay('write', metadata);
    const { requestId, incident, artifactSha256, invocation, caps, canonicaliser, isolation, expectedCap } = request;
    const id = await this.record.execute({
      tenant,
      requestId,
      incidentId: idOf(incident),
      artifactSha256,
      invocation: fromInvocation(invocation),
      caps: fromCaps(caps),
      canonicaliser,
      isolation,
      expectedCap: (expectedCap as Cap | undefined) ?? null,
    });
    return { witness: await this.#message(await this.read.recorded({ tenant, id }, { waitMs: NO_WAIT, signal: signalOf(call) })) };
  }

  @GrpcMethod('WitnessService', 'getWitness')
  async getWitness({ name, waitMs }: frvf.GetWitnessRequest, metadata: Metadata, call: Call): Promise<frvf.GetWitnessResponse> {
    const tenant = tenantThatMay('read', metadata);
    const id = idOf(name);
    if (!id.startsWith(RECORDING)) return { witness: await this.#message(await this.read.one({ tenant, id })) };
    const key = { tenant, id: id.slice(RECORDING.length) };
    return { witness: await this.#message(await this.read.recorded(key, { waitMs, signal: signalOf(call) })) };
  }

  @GrpcMethod('WitnessService', 'listWitnesses')
  async listWitnesses({ incident, pageSize, pageToken }: frvf.ListWitnessesRequest, metadata: Metadata): Promise<frvf.ListWitnessesResponse> {
    const tenant = tenantThatMay('read', metadata);
    const list = `witnesses\0${tenant}\0${incident}`;
    const { items, next } = await this.read.page(tenant, incident === '' ? undefined : idOf(incident), decodePageToken(pageToken, list), pageSize);
    return { witnesses: items.map((witness) => toWitness(witness)), nextPageToken: encodePageToken(next, list) };
  }

  async #message(found: Witness | Recording): Promise<frvf.Witness> {
    if ('draft' in found) return toUnfinishedWitness(found);
    return toWitness(found, await this.evidence.execute(PREDICATE_TYPES.microWitness, found.evidenceSha256));
  }
}

/** A tenant's witnesses are its own: whoever may act on them acts on those of the own tenant. */
export function tenantThatMay(action: Action, metadata: Metadata): string {
  const principal = principalOf(metadata);
  authorize(principal, action, { type: 'witness', id: '*', tenant: principal.tenant });
  return principal.tenant;
}
