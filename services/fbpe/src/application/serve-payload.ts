import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { issuerOfPeerToken, verifyPeerToken } from '../domain/peer-token.js';
import { limits } from '../limits.js';
import type { EntryRepository, OwnNode, PeeringRepository } from './ports.js';

/** Hands out the payload of an own entry. */
export class ServePayload {
  constructor(
    private readonly own: OwnNode,
    private readonly blobs: BlobStore,
    private readonly entries: EntryRepository,
    private readonly peerings: PeeringRepository,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError `ENTRY_NOT_FOUND`, `PAYLOAD_ERASED` */
  async toTenant(tenant: string, payloadDigest: string): Promise<Uint8Array> {
    const entry = await this.entries.find(tenant, { payloadDigest });
    if (!entry) throw new DomainError('ENTRY_NOT_FOUND', { payload: payloadDigest });
    try {
      return await this.blobs.bytes(entry.envelopeSha256, limits.envelopeBytesMax);
    } catch (error) {
      if (isDomainError(error, 'BLOB_NOT_FOUND')) throw new DomainError('PAYLOAD_ERASED', { payload: payloadDigest, index: String(entry.index) });
      throw error;
    }
  }

  /** To a peer of the tenant, who proves itself with its cosigner key. @throws DomainError `PEER_TOKEN_INVALID` too */
  async toPeer(authorization: string | undefined, payloadDigest: string): Promise<Uint8Array> {
    const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new DomainError('PEER_TOKEN_INVALID', { problem: 'missing' });
    const peering = await this.peerings.byOrigin(issuerOfPeerToken(token));
    if (peering?.state !== 'active') throw new DomainError('PEER_TOKEN_INVALID', { problem: 'no active peering with the issuer' });
    verifyPeerToken(token, peering.cosignerKey.publicKey, {
      audience: this.own.origin,
      payloadDigest,
      nowS: Math.floor(this.clock().getTime() / 1000),
      lifetimeSMax: limits.tokenLifetimeS,
      skewS: limits.clockSkewS,
    });
    return this.toTenant(peering.tenant, payloadDigest);
  }
}
