import { DomainError, type Reason } from '@stella/errors';

/** A document that its issuer numbers and that is valid from `issuedAt` until before `validUntil`. */
export interface VersionedDocument {
  readonly version: number;
  readonly issuedAt: Date;
  readonly validUntil: Date;
  /** SHA-256 of the canonical document, lower-case hexadecimal. */
  readonly digest: string;
}

/** What is remembered of a document. */
export type SeenVersion = Pick<VersionedDocument, 'version' | 'digest'>;

/** How far clocks of issuer and verifier may differ. */
export const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** @throws DomainError `reason` when `now` is outside the document's validity */
export function requireValidAt(document: VersionedDocument, now: Date, reason: Reason): void {
  const early = document.issuedAt.getTime() > now.getTime() + CLOCK_SKEW_MS;
  const late = document.validUntil.getTime() <= now.getTime();
  if (early || late) {
    throw new DomainError(reason, {
      issuedAt: document.issuedAt.toISOString(),
      validUntil: document.validUntil.toISOString(),
      now: now.toISOString(),
    });
  }
}

/** @throws DomainError `reason` if `next` has a lower version than `seen`, or the same version and another content */
export function requireNotOlder(seen: SeenVersion, next: SeenVersion, reason: Reason): void {
  const sameVersion = next.version === seen.version;
  if (next.version < seen.version || (sameVersion && next.digest !== seen.digest)) {
    throw new DomainError(reason, {
      versionSeen: String(seen.version),
      versionOffered: String(next.version),
      digestSeen: seen.digest,
      digestOffered: next.digest,
    });
  }
}
