import { mayVerifyAs, parseDevelopmentTrustRoot, type PublicKey, type Signer, trustedKey, type TrustRoot, verifyTrustRoot } from '@stella/attestation';
import { DomainError } from '@stella/errors';

export interface GateKeys {
  readonly verdict: Signer;
  readonly policy: Signer;
  readonly revocation: Signer;
}

/** Whom this gate believes, and that its own keys are among them. */
export class GateTrust {
  readonly organisation: string;
  /** Of the root key; empty for a development root, which nobody signs. */
  readonly rootKeyFingerprint: string;
  /** The origin of the installation's own log; empty: none is trusted. */
  readonly logOrigin: string;

  /**
   * @param rootKeys that a production root must be signed with; none: it is the unsigned root of a development installation
   * @throws DomainError CONFIG_INVALID, TRUST_ROOT_…: a verdict that no verifier of this root accepts is not issued
   */
  constructor(
    readonly envelope: Uint8Array,
    private readonly rootKeys: readonly PublicKey[],
    readonly verifierId: string,
    keys: GateKeys,
    now: Date,
  ) {
    const root = this.current(now);
    const verdictKey = trustedKey(root, keys.verdict.keyId);
    if (verdictKey === undefined || !mayVerifyAs(verdictKey, verifierId)) throw misconfigured(`the verdict key may not sign as ${verifierId}`);
    this.organisation = verdictKey.organisation;
    for (const role of ['policy', 'revocation'] as const) {
      const key = trustedKey(root, keys[role].keyId);
      if (!key?.roles.includes(role) || key.organisation !== this.organisation) throw misconfigured(`the ${role} key is not of ${this.organisation}, or may not be used for it`);
    }
    const ofOwn = (fingerprint: string): boolean => trustedKey(root, fingerprint)?.organisation === this.organisation;
    this.logOrigin = root.logs.find(({ fingerprint }) => ofOwn(fingerprint))?.name ?? '';
    this.rootKeyFingerprint = root.signedBy?.fingerprint ?? '';
  }

  /** @throws DomainError TRUST_ROOT_EXPIRED and those of a root that is not what it should be */
  current(now: Date): TrustRoot {
    return this.rootKeys.length > 0 ? verifyTrustRoot(this.envelope, this.rootKeys, now) : parseDevelopmentTrustRoot(this.envelope, now);
  }
}

function misconfigured(problems: string): DomainError {
  return new DomainError('CONFIG_INVALID', { problems });
}
