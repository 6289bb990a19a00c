import { type RevocationList, type Signer, signRevocationList, type TrustRoot, verifyRevocationList } from '@stella/attestation';
import { limits } from '../limits.js';
import type { VerdictRepository } from './ports.js';

/** The signed list of what this installation took back; short-lived, so that an old one is noticed. */
export class Revocations {
  constructor(
    private readonly verdicts: VerdictRepository,
    private readonly signer: Signer,
    private readonly organisation: string,
    private readonly root: TrustRoot,
    private readonly clock: () => Date,
  ) {}

  async sign(): Promise<Uint8Array> {
    const { version, entries } = await this.verdicts.revocations();
    const issuedAt = this.clock();
    const validUntil = new Date(issuedAt.getTime() + limits.revocationListValidMs);
    return signRevocationList({ issuer: this.organisation, version, issuedAt, validUntil, entries }, this.signer);
  }

  async current(): Promise<{ readonly envelope: Uint8Array; readonly list: RevocationList }> {
    const envelope = await this.sign();
    return { envelope, list: verifyRevocationList(envelope, this.root, { issuer: this.organisation, now: this.clock() }) };
  }
}
