import type { RevocationList, TrustRoot } from '@stella/attestation';

/** Whom the verifier believes, and what he asks; none of it comes from the bundle. */
export interface VerifyOptions {
  readonly root: TrustRoot;
  /** The list of the verdict signer's organisation; undefined with why when there is none that is fresh. */
  readonly revocations: { readonly list: RevocationList } | { readonly unavailable: string };
  /** Digests that have to be covered, lower-case hex. */
  readonly subjects: readonly string[];
  readonly policySha256: string;
  readonly now: Date;
  readonly maxAgeMs?: number;
  /** The tenant's verifier; needed where the root lists more than one. */
  readonly verifierId?: string;
  readonly resourceUri?: string;
  readonly bundleBytesMax?: number;
}
