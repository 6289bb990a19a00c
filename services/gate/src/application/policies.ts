import { type Signer, signStatement } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { checkInForce, isPresetName, loadPolicySet, policyDigest, type PolicySet, PRESET_NAMES, presetDocument, type PresetName } from '@stella/policy';
import { policyStatement, verifyPolicy } from '@stella/verdict';
import { limits } from '../limits.js';
import type { PolicyRepository, StoredPolicy } from './repositories.js';

export interface PolicyInForce {
  readonly stored: StoredPolicy;
  readonly set: PolicySet;
}

/**
 * The presets as signed, versioned, expiring documents of this installation. They are part of the product, and its tests
 * hold each against `publishChecks`.
 */
export class Policies {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly signer: Signer,
    private readonly clock: () => Date,
  ) {}

  /** Issues what is missing, ends soon, or is not what this version of the product would issue. */
  async publish(): Promise<void> {
    for (const name of PRESET_NAMES) {
      const newest = await this.repository.newest(name);
      if (newest === undefined || !this.#isToday(newest, name)) await this.#issue(name, (newest?.version ?? 0) + 1);
    }
  }

  async list(): Promise<PolicyInForce[]> {
    return Promise.all(PRESET_NAMES.map((name) => this.get(name)));
  }

  /** @throws DomainError POLICY_NOT_FOUND, POLICY_EXPIRED; POLICY_INVALID, SIGNATURE_UNVERIFIED when what is stored is not what was published */
  async get(id: string): Promise<PolicyInForce> {
    const stored = isPresetName(id) ? await this.repository.newest(id) : undefined;
    if (stored === undefined) throw new DomainError('POLICY_NOT_FOUND', { policy: id, known: PRESET_NAMES.join(' ') });
    const { document } = verifyPolicy(stored.envelope, [this.signer.publicKey]);
    if (document.id !== id) throw new DomainError('POLICY_INVALID', { problem: 'OTHER_POLICY', expected: id, actual: document.id });
    checkInForce(document, this.clock());
    return { stored, set: loadPolicySet(document) };
  }

  #isToday({ envelope, version, expiresAt }: StoredPolicy, name: PresetName): boolean {
    if (expiresAt.getTime() - this.clock().getTime() < limits.policyRenewMs) return false;
    try {
      const { document, digest } = verifyPolicy(envelope, [this.signer.publicKey]);
      return policyDigest(presetDocument(name, { version, issuedAt: new Date(document.issuedAt), expiresAt: new Date(document.expiresAt) })) === digest;
    } catch (error) {
      if (isDomainError(error)) return false;
      throw error;
    }
  }

  async #issue(name: PresetName, version: number): Promise<void> {
    const issuedAt = this.clock();
    const expiresAt = new Date(issuedAt.getTime() + limits.policyValidMs);
    const document = presetDocument(name, { version, issuedAt, expiresAt });
    const envelope = await signStatement(policyStatement(document), this.signer);
    await this.repository.add({ id: name, version, sha256: policyDigest(document), envelope, expiresAt });
  }
}
