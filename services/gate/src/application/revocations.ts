import { type RevocationList, type Signer, signRevocationList, verifyRevocationList } from '@stella/attestation';
import { limits } from '../limits.js';
import type { GateTrust } from './gate-trust.js';
import type { RevocationRepository, SignedList } from './ports.js';

export interface CurrentRevocations {
  readonly envelope: Uint8Array;
  readonly list: RevocationList;
}

/**
 * The signed list of what this installation took back; short-lived, so that an old one is noticed. Whatever was handed out
 * once stays what its version says: verifiers refuse another content under the same version.
 */
export class Revocations {
  constructor(
    private readonly repository: RevocationRepository,
    private readonly signer: Signer,
    private readonly trust: GateTrust,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError REVOCATION_LIST_INVALID when there are more than a list holds */
  async current(): Promise<CurrentRevocations> {
    const now = this.clock();
    const [last, count] = await Promise.all([this.repository.last(), this.repository.count()]);
    const { envelope } = last && this.#isGood(last, count, now) ? last : await this.#sign(now);
    return { envelope, list: verifyRevocationList(envelope, this.trust.current(now), { issuer: this.trust.organisation, now }) };
  }

  /** Renewed at half its life, so that whoever fetches one can use it for a while. */
  #isGood({ entryCount, signer, issuedAt }: SignedList, count: number, now: Date): boolean {
    const ageMs = now.getTime() - issuedAt.getTime();
    return entryCount === count && signer === this.signer.keyId && ageMs >= 0 && ageMs < limits.revocationListValidMs / 2;
  }

  #sign(now: Date): Promise<SignedList> {
    return this.repository.next(async (version, entries) => {
      const validUntil = new Date(now.getTime() + limits.revocationListValidMs);
      const envelope = await signRevocationList({ issuer: this.trust.organisation, version, issuedAt: now, validUntil, entries }, this.signer);
      return { version, envelope, entryCount: entries.length, signer: this.signer.keyId, issuedAt: now };
    });
  }
}
