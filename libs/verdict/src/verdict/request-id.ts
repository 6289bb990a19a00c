import { canonicalize, sha256Hex } from '@stella/attestation';
import { claimSentence, type Claim } from '@stella/policy';

export interface RequestIdentity {
  readonly tenant: string;
  readonly baselineSha256: string;
  readonly candidateSha256: string;
  readonly claims: readonly Claim[];
  readonly policySha256: string;
}

/** SHA-256 of what is asked: the same question has the same id, whatever the order of its claims. */
export function requestId({ claims, ...rest }: RequestIdentity): string {
  return sha256Hex(canonicalize({ kind: 'stella-release-request/1', ...rest, claims: claims.map(claimSentence).sort() }));
}
