import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata, ServiceDefinition } from '@grpc/grpc-js';
import { sha256Hex } from '@stella/attestation';
import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import * as fbpe from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import * as frvf from '@stella/contracts/stella/frvf/v1alpha/frvf';
import * as psdi from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import { principalOf } from '@stella/platform-grpc';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import type { MicroWitness, Observation } from '@stella/witness';
import { BASELINE, CANDIDATE, type DeltaEnvelopes, deltaOf, signResult, signWitness, witnessOf } from './release.js';
import { TestLog } from './test-log.js';

type Gate = (call: string) => Promise<void>;

/** psdi, frvf and fbpe as the test wants them: real signatures and a real log, scripted answers. */
export class Peers {
  /** Calls in their order: `psdi.createDelta`, with the tenant that they were for. */
  calls: { readonly call: string; readonly tenant: string; readonly requestId: string }[] = [];
  /** Runs before every call is answered; throws to refuse it, waits to delay it. */
  before: Gate = async () => undefined;
  artifacts = new Set([BASELINE, CANDIDATE]);
  incidents = new Set(['app-7']);
  witnesses: MicroWitness[] = [witnessOf()];
  /** How replays of a witness go on an artifact. */
  observe: (witness: MicroWitness, artifactSha256: string) => Observation = (_, artifactSha256) => (artifactSha256 === BASELINE ? 'expected-failure' : 'passed');
  /** A verification that ends without a result. */
  verificationFails: string | undefined;
  delta: () => Promise<DeltaEnvelopes> = () => deltaOf();
  /** Cross-verifications of a logged payload. */
  checks: { readonly envelope: Uint8Array; readonly sameOperator?: boolean }[] = [];
  /** Small, so that pages are followed. */
  witnessesPerPage = 2;
  log = new TestLog();
  readonly contexts = new Map<string, ServiceContext>();

  /** As at the start, but for the log, which keeps what it has. */
  reset(): void {
    const { log: _log, contexts: _contexts, ...rest } = new Peers();
    Object.assign(this, rest);
  }

  services(): StellaService[] {
    return [
      this.#service('psdi', 'stella.psdi.v1alpha.DeltaIndexService', psdi.DeltaIndexServiceService, psdiController(this)),
      this.#service('frvf', 'stella.frvf.v1alpha.WitnessService', frvf.WitnessServiceService, frvfController(this)),
      this.#service('fbpe', 'stella.fbpe.v1alpha.FederationService', fbpe.FederationServiceService, fbpeController(this)),
    ];
  }

  async arrived(call: string, metadata: Metadata, request: object): Promise<string> {
    const { tenant } = principalOf(metadata);
    this.calls.push({ call, tenant, requestId: (request as { requestId?: string }).requestId ?? '' });
    await this.before(call);
    return tenant;
  }

  /** The peers whose name begins so do not answer. */
  silence(...names: readonly string[]): void {
    this.before = async (call) => {
      // Of kind internal: a bare UNAVAILABLE is tried again for seconds.
      if (names.some((name) => call.startsWith(name))) throw new DomainError('REMOTE_FAILED', { test: 'silent' });
    };
  }

  #service(name: string, serviceName: string, definition: ServiceDefinition, controller: new () => object): StellaService {
    return {
      name,
      grpc: { [serviceName]: definition },
      wire: (context) => {
        this.contexts.set(name, context);
        return { controllers: [controller], providers: [] };
      },
    };
  }
}

function evidence(envelope: Uint8Array): Evidence {
  return { sha256: sha256Hex(envelope), predicateType: '', envelope: Buffer.from(envelope) };
}

function psdiController(peers: Peers): new () => object {
  @Controller()
  class PsdiController {
    @GrpcMethod('DeltaIndexService', 'createIndex')
    async createIndex(request: psdi.CreateIndexRequest, metadata: Metadata): Promise<psdi.CreateIndexResponse> {
      await peers.arrived('psdi.createIndex', metadata, request);
      if (!peers.artifacts.has(request.artifactSha256)) throw new DomainError('ARTIFACT_NOT_FOUND', { artifact: request.artifactSha256 });
      return { index: psdi.Index.fromPartial({ artifactSha256: request.artifactSha256 }) };
    }

    @GrpcMethod('DeltaIndexService', 'createDelta')
    async createDelta(request: psdi.CreateDeltaRequest, metadata: Metadata): Promise<psdi.CreateDeltaResponse> {
      await peers.arrived('psdi.createDelta', metadata, request);
      const { baselineIndex, candidateIndex, proof, scope } = await peers.delta();
      const counts = [{ kind: 'function', change: psdi.UnitChange.UNIT_CHANGE_SEMANTIC, count: 1 }, { kind: 'function', change: psdi.UnitChange.UNIT_CHANGE_MOVED, count: 5 }];
      return {
        delta: psdi.Delta.fromPartial({ counts, proof: evidence(proof), scope: evidence(scope), baselineIndex: { evidence: evidence(baselineIndex) }, candidateIndex: { evidence: evidence(candidateIndex) } }),
      };
    }
  }
  return PsdiController;
}

function frvfController(peers: Peers): new () => object {
  const named = (name: string): MicroWitness => {
    const found = peers.witnesses.find(({ witnessId }) => `witnesses/${witnessId}` === name);
    if (!found) throw new DomainError('WITNESS_NOT_FOUND', { witness: name });
    return found;
  };
  const toWitness = ({ witnessId, core }: MicroWitness): frvf.Witness =>
    frvf.Witness.fromPartial({ name: `witnesses/${witnessId}`, incident: `incidents/${core.incident}`, artifactSha256: core.artifact.sha256, state: frvf.OperationState.OPERATION_STATE_DONE });
  const running = new Map<string, { witness: MicroWitness; artifactSha256: string; replays: number }>();

  @Controller()
  class FrvfController {
    @GrpcMethod('WitnessService', 'getIncident')
    async getIncident(request: frvf.GetIncidentRequest, metadata: Metadata): Promise<frvf.GetIncidentResponse> {
      await peers.arrived('frvf.getIncident', metadata, request);
      if (!peers.incidents.has(request.name.slice('incidents/'.length))) throw new DomainError('INCIDENT_NOT_FOUND', { incident: request.name });
      return { incident: frvf.Incident.fromPartial({ name: request.name }) };
    }

    @GrpcMethod('WitnessService', 'listWitnesses')
    async listWitnesses(request: frvf.ListWitnessesRequest, metadata: Metadata): Promise<frvf.ListWitnessesResponse> {
      await peers.arrived('frvf.listWitnesses', metadata, request);
      const from = Number(request.pageToken || '0');
      const all = peers.witnesses.map(toWitness).filter(({ incident }) => request.incident === '' || incident === request.incident);
      const to = from + peers.witnessesPerPage;
      return { witnesses: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
    }

    @GrpcMethod('WitnessService', 'getWitness')
    async getWitness(request: frvf.GetWitnessRequest, metadata: Metadata): Promise<frvf.GetWitnessResponse> {
      await peers.arrived('frvf.getWitness', metadata, request);
      const witness = named(request.name);
      return { witness: { ...toWitness(witness), evidence: evidence(await signWitness(witness)) } };
    }

    @GrpcMethod('WitnessService', 'createVerification')
    async createVerification(request: frvf.CreateVerificationRequest, metadata: Metadata): Promise<frvf.CreateVerificationResponse> {
      await peers.arrived('frvf.createVerification', metadata, request);
      const name = `verifications/${sha256Hex(Buffer.from(`${request.witness} ${request.artifactSha256}`))}`;
      running.set(name, { witness: named(request.witness), artifactSha256: request.artifactSha256, replays: request.replays });
      return { verification: frvf.Verification.fromPartial({ name, state: frvf.OperationState.OPERATION_STATE_RUNNING }) };
    }

    @GrpcMethod('WitnessService', 'getVerification')
    async getVerification(request: frvf.GetVerificationRequest, metadata: Metadata): Promise<frvf.GetVerificationResponse> {
      const tenant = await peers.arrived('frvf.getVerification', metadata, request);
      const order = running.get(request.name);
      if (!order) throw new DomainError('VERIFICATION_NOT_FOUND');
      if (peers.verificationFails) return { verification: frvf.Verification.fromPartial({ name: request.name, state: frvf.OperationState.OPERATION_STATE_FAILED, failureReason: peers.verificationFails }) };
      const envelope = await signResult(tenant, order.witness, order.artifactSha256, order.replays, peers.observe(order.witness, order.artifactSha256));
      return { verification: frvf.Verification.fromPartial({ name: request.name, state: frvf.OperationState.OPERATION_STATE_DONE, replays: order.replays, successes: order.replays, evidence: evidence(envelope) }) };
    }
  }
  return FrvfController;
}

function fbpeController(peers: Peers): new () => object {
  @Controller()
  class FbpeController {
    @GrpcMethod('FederationService', 'appendEntry')
    async appendEntry(request: fbpe.AppendEntryRequest, metadata: Metadata): Promise<fbpe.AppendEntryResponse> {
      await peers.arrived('fbpe.appendEntry', metadata, request);
      const { record, proof, payloadSha256 } = await peers.log.append(request.envelope);
      return { entry: fbpe.Entry.fromPartial({ record: Buffer.from(record), proof: Buffer.from(proof), payloadSha256 }) };
    }

    @GrpcMethod('FederationService', 'getEntry')
    async getEntry(request: fbpe.GetEntryRequest, metadata: Metadata): Promise<fbpe.GetEntryResponse> {
      await peers.arrived('fbpe.getEntry', metadata, request);
      const payloadSha256 = request.key?.$case === 'payloadSha256' ? request.key.value : '';
      if (!peers.log.has(payloadSha256)) throw new DomainError('ENTRY_NOT_FOUND', { payload: payloadSha256 });
      const crossVerifications = peers.checks.map(({ envelope, sameOperator = false }) => fbpe.CrossVerification.fromPartial({ sameOperator, evidence: evidence(envelope) }));
      return { entry: fbpe.Entry.fromPartial({ payloadSha256, crossVerifications }) };
    }
  }
  return FbpeController;
}
