import type { PublicKey } from './keys.js';
import type { KeyRole, TrustedKey, TrustRootContent } from './trust-root-document.js';

/** The keys that may act in a role at a time; pass their `publicKey` to `verifyStatement`. */
export function trustedKeys(root: TrustRootContent, role: KeyRole, at: Date): TrustedKey[] {
  return root.keys.filter((key) => key.roles.includes(role) && isValidAt(key, at));
}

export function trustedKey(root: TrustRootContent, fingerprint: string): TrustedKey | undefined {
  return root.keys.find(({ publicKey }) => publicKey.fingerprint === fingerprint);
}

export function isValidAt(key: TrustedKey, at: Date): boolean {
  return key.validFrom.getTime() <= at.getTime() && at.getTime() < key.validUntil.getTime();
}

/**
 * Whether this key is the one that may sign under this verifier id: verifiers accept only specific pairs of signer
 * and verifier (SLSA verification_summary.md, "How to verify").
 */
export function mayVerifyAs(key: TrustedKey, verifierId: string): boolean {
  return key.roles.includes('verdict') && key.verifierId === verifierId;
}

/**
 * How many different organisations stand behind these signers in a role: a key counts once however often it signed,
 * an organisation once however many keys it has, and a key that the root does not list for the role not at all.
 */
export function independentOrganisations(
  root: TrustRootContent,
  role: KeyRole,
  signers: Iterable<PublicKey>,
  at: Date,
): Set<string> {
  const fingerprints = new Set(Array.from(signers, ({ fingerprint }) => fingerprint));
  const counted = trustedKeys(root, role, at).filter(({ publicKey }) => fingerprints.has(publicKey.fingerprint));
  return new Set(counted.map(({ organisation }) => organisation));
}

/** False also when the root has no threshold for the role: nothing asked is not the same as enough. */
export function meetsThreshold(
  root: TrustRootContent,
  role: KeyRole,
  signers: Iterable<PublicKey>,
  at: Date,
): boolean {
  const threshold = root.thresholds.find((candidate) => candidate.role === role);
  return threshold !== undefined && independentOrganisations(root, role, signers, at).size >= threshold.organisations;
}
