import { findCutOff, type RevocationList, type Signer, signRevocationList, verifyRevocationList } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import type { VerdictPlace } from '../domain/verdict-record.js';
import type { GateTrust } from './gate-trust.js';
import type { GateFacts } from './ports.js';
import type { ListDraft, RevocationRepository, SignedList } from './repositories.js';

export interface CurrentRevocations {
  readonly signed: SignedList;
  readonly list: RevocationList;
}

/**
 * A tenant's signed list of what was taken back; short-lived, so that an old one is noticed. Whatever was handed out once
 * stays what its version says: verifiers refuse another content under the same version. What is about nothing that lasts
 * any more is left out.
 */
export class Revocations {
  constructor(
    private readonly repository: RevocationRepository,
    private readonly signer: Signer,
    private readonly trust: GateTrust,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError REVOCATIONS_TOO_MANY when there are more than a list holds: one that is cut short would say "not revoked" of what it leaves out */
  async current(tenant: string): Promise<CurrentRevocations> {
    const now = this.clock();
    const last = await this.repository.last(tenant);
    const signed = last && this.#isFresh(last, now) && (await this.repository.isWhole(tenant, last)) ? last : await this.#sign(tenant, now);
    return { signed, list: verifyRevocationList(signed.envelope, this.trust.current(now), { issuer: this.trust.organisation, now }) };
  }

  /** Renewed at half its life, so that whoever fetches one can use it for a while. */
  #isFresh({ signer, issuedAt }: SignedList, now: Date): boolean {
    const ageMs = now.getTime() - issuedAt.getTime();
    return signer === this.signer.keyId && ageMs >= 0 && ageMs < limits.revocationListValidMs / 2;
  }

  #sign(tenant: string, now: Date): Promise<SignedList> {
    const forgottenBefore = new Date(now.getTime() - limits.revocationsKeptMs);
    return this.repository.next(tenant, forgottenBefore, (list) => this.#isFresh(list, now), async (draft) => {
      this.facts.listed(tenant, draft.entries.length);
      requireRoom(tenant, draft);
      const { version, entries, entriesDigest } = draft;
      const validUntil = new Date(now.getTime() + limits.revocationListValidMs);
      const envelope = await signRevocationList({ issuer: this.trust.organisation, tenant, version, issuedAt: now, validUntil, entries }, this.signer);
      return { version, envelope, entriesDigest, forgottenBefore, signer: this.signer.keyId, issuedAt: now };
    });
  }
}

/** @throws DomainError REVOCATIONS_TOO_MANY */
function requireRoom(tenant: string, { entries }: ListDraft): void {
  if (entries.length <= limits.revocationsListedMax) return;
  const oldest = entries.find(({ kind }) => kind !== 'key' && kind !== 'policy');
  const endsAt = oldest && new Date(oldest.at.getTime() + limits.revocationsKeptMs).toISOString();
  throw new DomainError('REVOCATIONS_TOO_MANY', { tenant, entriesMax: String(limits.revocationsListedMax), oldestEndsAt: endsAt ?? 'never' });
}

/** The earliest time at which a verdict may be decided: what was decided before that is taken back. */
export function decidedAfter(list: RevocationList, { candidateSha256, question }: Pick<VerdictPlace, 'candidateSha256' | 'question'>, now: Date): Date {
  const cuts = [findCutOff(list, 'candidate', candidateSha256, now), findCutOff(list, 'question', question, now)];
  return new Date(Math.max(now.getTime(), ...cuts.map((cut) => cut?.at.getTime() ?? 0)));
}
