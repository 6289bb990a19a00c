import { type KeyPair, type KeyRole, type PublicKey, trustedKey, trustedKeys, type TrustRoot, verifyTrustRoot } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { z } from 'zod';
import { publicKeys } from './field-kinds.js';

/** Of the services that sign, or believe, evidence. */
export const TRUST_FIELDS = {
  trustRoot: z.string().min(1),
  rootKeys: publicKeys(),
};

export type TrustConfig = Readonly<z.output<z.ZodObject<typeof TRUST_FIELDS>>> & { readonly organisation: string };

/** The production root of an installation. Development roots and keys named `dev:` are refused. */
export class InstallationTrust {
  private constructor(
    readonly root: TrustRoot,
    /** The signed document. */
    readonly envelope: Uint8Array,
    readonly rootKeys: readonly PublicKey[],
    private readonly organisation: string,
    private readonly now: Date,
  ) {}

  /** @throws DomainError TRUST_ROOT_…, SIGNATURE_UNVERIFIED, JSON_… */
  static open({ trustRoot, rootKeys, organisation }: TrustConfig, now: Date): InstallationTrust {
    const envelope = Buffer.from(trustRoot, 'utf8');
    return new InstallationTrust(verifyTrustRoot(envelope, rootKeys, now), envelope, rootKeys, organisation, now);
  }

  /** Whose delta proofs may be checked here: everybody's that the root believes. */
  get evidenceKeys(): readonly PublicKey[] {
    return trustedKeys(this.root, 'evidence', this.now).map(({ publicKey }) => publicKey);
  }

  /** Of this organisation, retired ones that still count included. */
  ownKeys(...roles: readonly KeyRole[]): readonly PublicKey[] {
    const isOwn = this.root.keys.filter(({ organisation }) => organisation === this.organisation);
    return isOwn.filter((key) => key.roles.some((role) => roles.includes(role))).map(({ publicKey }) => publicKey);
  }

  /** What no verifier of the root believes is not signed. @throws DomainError CONFIG_INVALID */
  requireOwn(role: KeyRole, variable: string, pair: KeyPair): KeyPair {
    const key = trustedKey(this.root, pair.keyId);
    if (key?.organisation === this.organisation && key.roles.includes(role)) return pair;
    throw new DomainError('CONFIG_INVALID', { problems: `${variable}: the trust root does not list this key for ${this.organisation} in the role ${role}`, fingerprint: pair.keyId });
  }
}
