import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type * as api from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError } from '@stella/errors';
import { type Action, authorize, type Principal } from '@stella/platform-auth';
import { principalOf } from '@stella/platform-grpc';
import { formatVerifierKey } from '@stella/transparency-log';
import { AppendEntry } from '../application/append-entry.js';
import { LogView } from '../application/log-view.js';
import { Peerings } from '../application/peerings.js';
import type { OwnNode } from '../application/ports.js';
import { PullPeer } from '../application/pull-peer.js';
import { ReadEntries } from '../application/read-entries.js';
import { ServePayload } from '../application/serve-payload.js';
import { TakeCosignature } from '../application/take-cosignature.js';
import { entryTokens, peeringTokens } from './page-token.js';
import { buffer, toEntryMessage, toPeeringMessage } from './to-proto.js';

export const OWN_NODE = Symbol('own node');

@Controller()
export class FederationController {
  constructor(
    @Inject(OWN_NODE) private readonly own: OwnNode,
    private readonly append: AppendEntry,
    private readonly read: ReadEntries,
    private readonly log: LogView,
    private readonly peerings: Peerings,
    private readonly pull: PullPeer,
    private readonly payloads: ServePayload,
    private readonly cosignatures: TakeCosignature,
  ) {}

  @GrpcMethod('FederationService', 'getNode')
  async getNode(_request: api.GetNodeRequest, metadata: Metadata): Promise<api.GetNodeResponse> {
    allowed(metadata, 'read', 'node');
    const { note, size } = await this.log.latest();
    return {
      node: {
        organisation: this.own.organisation,
        origin: this.own.origin,
        logKey: formatVerifierKey(this.own.log.key),
        cosignerKey: formatVerifierKey(this.own.cosigner.key),
        checkpoint: buffer(note),
        size: BigInt(size),
        development: this.own.development,
        evidenceKeys: this.own.evidenceKeys.map(buffer),
      },
    };
  }

  @GrpcMethod('FederationService', 'appendEntry')
  async appendEntry({ requestId, envelope }: api.AppendEntryRequest, metadata: Metadata): Promise<api.AppendEntryResponse> {
    const { tenant } = allowed(metadata, 'write', 'entry');
    const entry = await this.append.execute(tenant, envelope, requestId);
    return { entry: toEntryMessage(await this.read.prove(tenant, entry)) };
  }

  @GrpcMethod('FederationService', 'getEntry')
  async getEntry({ key }: api.GetEntryRequest, metadata: Metadata): Promise<api.GetEntryResponse> {
    const { tenant } = allowed(metadata, 'read', 'entry');
    if (!key) throw new DomainError('REQUEST_INVALID', { fields: 'key' });
    const entry = await this.read.one(tenant, key.$case === 'index' ? { index: Number(key.value) } : { payloadDigest: key.value });
    return { entry: toEntryMessage(entry) };
  }

  @GrpcMethod('FederationService', 'queryProvenance')
  async queryProvenance({ subjectSha256, pageSize, pageToken }: api.QueryProvenanceRequest, metadata: Metadata): Promise<api.QueryProvenanceResponse> {
    const { tenant } = allowed(metadata, 'read', 'entry');
    const list = `entries ${tenant} ${subjectSha256}`;
    const { entries, next } = await this.read.page(tenant, subjectSha256, entryTokens.decode(pageToken, list), pageSize);
    return { entries: entries.map(toEntryMessage), nextPageToken: entryTokens.encode(next, list) };
  }

  @GrpcMethod('FederationService', 'createPeering')
  async createPeering({ requestId, ...terms }: api.CreatePeeringRequest, metadata: Metadata): Promise<api.CreatePeeringResponse> {
    const { tenant } = allowed(metadata, 'administer', 'peering');
    return { peering: toPeeringMessage(await this.peerings.create(tenant, requestId, terms), this.own) };
  }

  @GrpcMethod('FederationService', 'listPeerings')
  async listPeerings({ pageSize, pageToken }: api.ListPeeringsRequest, metadata: Metadata): Promise<api.ListPeeringsResponse> {
    const { tenant } = allowed(metadata, 'read', 'peering');
    const list = `peerings ${tenant}`;
    const { peerings, next } = await this.peerings.page(tenant, peeringTokens.decode(pageToken, list), pageSize);
    return { peerings: peerings.map((peering) => toPeeringMessage(peering, this.own)), nextPageToken: peeringTokens.encode(next, list) };
  }

  @GrpcMethod('FederationService', 'pullPeer')
  async pullPeer({ peering }: api.PullPeerRequest, metadata: Metadata): Promise<api.PullPeerResponse> {
    const { tenant } = allowed(metadata, 'operate', 'peering');
    const report = await this.pull.execute(tenant, peering.slice('peerings/'.length), AbortSignal.timeout(PULL_TIMEOUT_MS));
    return { ...report, verifiedSize: BigInt(report.verifiedSize) };
  }

  @GrpcMethod('FederationService', 'getPayload')
  async getPayload({ payloadSha256 }: api.GetPayloadRequest, metadata: Metadata): Promise<api.GetPayloadResponse> {
    const { tenant } = allowed(metadata, 'read', 'entry');
    return { envelope: buffer(await this.payloads.toTenant(tenant, payloadSha256)) };
  }

  @GrpcMethod('FederationService', 'submitCosignature')
  async submitCosignature({ origin, note }: api.SubmitCosignatureRequest, metadata: Metadata): Promise<api.SubmitCosignatureResponse> {
    allowed(metadata, 'write', 'cosignature');
    return { cosignatures: await this.cosignatures.execute(origin, note) };
  }
}

/** A pull goes on for whoever else waits for it, but not for ever. */
const PULL_TIMEOUT_MS = 300_000;

function allowed(metadata: Metadata, action: Action, type: string): Principal {
  const principal = principalOf(metadata);
  authorize(principal, action, { type, id: '*', tenant: principal.tenant });
  return principal;
}
