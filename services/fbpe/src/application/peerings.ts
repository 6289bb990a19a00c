import { canonicalize, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { type Peering, type RawPeerTerms, readPeerTerms } from '../domain/peering.js';
import { limits } from '../limits.js';
import type { OwnNode, PeeringRepository } from './ports.js';

/** Agreements with other nodes. */
export class Peerings {
  constructor(
    private readonly own: OwnNode,
    private readonly repository: PeeringRepository,
    private readonly ids: () => string,
  ) {}

  /** @throws DomainError `PEERING_INVALID`, `PEERING_EXISTS`, `REQUEST_ID_REUSED` */
  create(tenant: string, requestId: string, raw: RawPeerTerms): Promise<Peering> {
    const terms = readPeerTerms(raw, this.own);
    const plain = { ...raw, evidenceKeys: raw.evidenceKeys.map((key) => sha256Hex(key)) };
    return this.repository.create(this.ids(), { tenant, requestId, requestSha256: sha256Hex(canonicalize(plain)) }, terms);
  }

  /** @throws DomainError `PEERING_NOT_FOUND` */
  async one(tenant: string, id: string): Promise<Peering> {
    const peering = await this.repository.find(tenant, id);
    if (!peering) throw new DomainError('PEERING_NOT_FOUND', { peering: id });
    return peering;
  }

  async page(tenant: string, after: string | undefined, pageSize: number): Promise<{ readonly peerings: readonly Peering[]; readonly next: string | undefined }> {
    const size = Math.min(pageSize || limits.pageSizeDefault, limits.pageSizeMax);
    const found = await this.repository.page(tenant, after, size + 1);
    const peerings = found.slice(0, size);
    return { peerings, next: found.length > size ? peerings.at(-1)?.id : undefined };
  }
}
