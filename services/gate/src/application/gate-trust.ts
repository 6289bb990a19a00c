import { findRevocation, IN_TOTO_PAYLOAD_TYPE, mayVerifyAs, parseDevelopmentTrustRoot, type PublicKey, type RevocationList, type Signer, toSigstoreBundle, trustedKey, type TrustRoot, verifyEnvelope, verifyTrustRoot } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';

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
  private readonly verdictKeys: readonly PublicKey[];

  /**
   * @param rootKeys that a production root must be signed with; none: it is the unsigned root of a development installation
   * @throws DomainError CONFIG_INVALID, TRUST_ROOT_…: a verdict that no verifier of this root accepts is not issued
   */
  constructor(
    readonly envelope: Uint8Array,
    private readonly rootKeys: readonly PublicKey[],
    readonly verifierId: string,
    private readonly keys: GateKeys,
    now: Date,
  ) {
    const root = this.current(now);
    const verdictKey = trustedKey(root, keys.verdict.keyId);
    if (verdictKey === undefined || !mayVerifyAs(verdictKey, verifierId)) throw misconfigured(`the verdict key may not sign as ${verifierId}`);
    this.organisation = verdictKey.organisation;
    this.verdictKeys = root.keys.filter(({ roles }) => roles.includes('verdict')).map(({ publicKey }) => publicKey);
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

  /** Fingerprints of the keys that every verdict rests on. */
  get signers(): readonly string[] {
    return [this.keys.verdict.keyId, this.keys.policy.keyId];
  }

  /** @throws DomainError SIGNING_KEY_REVOKED: nobody would believe a verdict */
  requireOwnKeys(list: RevocationList): void {
    for (const role of ['verdict', 'policy'] as const) {
      const found = findRevocation(list, 'key', this.keys[role].keyId);
      if (found) throw new DomainError('SIGNING_KEY_REVOKED', { role, key: found.id, reason: found.reason, at: found.at.toISOString() });
    }
  }

  /** @throws DomainError KEY_UNKNOWN, KEY_NOT_REVOCABLE */
  requireRevocable(fingerprint: string, now: Date): void {
    if (fingerprint === this.keys.revocation.keyId) throw new DomainError('KEY_NOT_REVOCABLE', { key: fingerprint });
    if (trustedKey(this.current(now), fingerprint) === undefined) throw new DomainError('KEY_UNKNOWN', { key: fingerprint });
  }

  /** A summary for tools of Sigstore; empty where there is none, or its key has been rotated out. */
  sigstoreBundle(vsa: Uint8Array | undefined): Uint8Array {
    if (vsa === undefined) return new Uint8Array();
    try {
      return toSigstoreBundle(vsa, verifyEnvelope(vsa, this.verdictKeys, { payloadType: IN_TOTO_PAYLOAD_TYPE }).key);
    } catch (error) {
      if (isDomainError(error, 'SIGNATURE_UNVERIFIED')) return new Uint8Array();
      throw error;
    }
  }
}

function misconfigured(problems: string): DomainError {
  return new DomainError('CONFIG_INVALID', { problems });
}
