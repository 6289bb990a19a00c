import { type Signer, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { signStatement } from '@stella/attestation';
import { isPresetName, loadPolicySet, policyDigest, type PolicySet, PRESET_NAMES, type PresetName, presetDocument } from '@stella/policy';
import { policyStatement, verifyPolicy } from '@stella/verdict';
import { limits } from '../limits.js';
import type { PolicyRepository, StoredPolicy } from './ports.js';

export interface PolicyInForce {
  readonly stored: StoredPolicy;
  readonly set: PolicySet;
}

/** The presets as signed, versioned, expiring documents of this installation. */
export class Policies {
  readonly #loaded = new Map<string, PolicyInForce>();

  constructor(
    private readonly repository: PolicyRepository,
    private readonly signer: Signer,
    private readonly clock: () => Date,
  ) {}

  /** Issues what is missing, has expired, or is not what this version of the product would issue. */
  async publish(): Promise<void> {
    for (const name of PRESET_NAMES) await this.#current(name);
  }

  async list(): Promise<PolicyInForce[]> {
    return Promise.all(PRESET_NAMES.map((name) => this.#current(name)));
  }

  /** @throws DomainError POLICY_NOT_FOUND */
  async get(id: string): Promise<PolicyInForce> {
    if (!isPresetName(id)) throw new DomainError('POLICY_NOT_FOUND', { policy: id, known: PRESET_NAMES.join(' ') });
    return this.#current(id);
  }

  async #current(name: PresetName): Promise<PolicyInForce> {
    const now = this.clock();
    const known = this.#loaded.get(name);
    if (known && known.stored.expiresAt > now) return known;
    const newest = await this.repository.newest(name);
    const stored = newest && newest.expiresAt > now && this.#isOurs(newest, name) ? newest : await this.#issue(name, (newest?.version ?? 0) + 1, now);
    const { document } = verifyPolicy(stored.envelope, [this.signer.publicKey]);
    const loaded = { stored, set: loadPolicySet(document) };
    this.#loaded.set(name, loaded);
    return loaded;
  }

  /** Whether the stored document says what the preset says today. */
  #isOurs({ envelope, version }: StoredPolicy, name: PresetName): boolean {
    try {
      const { document, digest } = verifyPolicy(envelope, [this.signer.publicKey]);
      const today = presetDocument(name, { version, issuedAt: new Date(document.issuedAt), expiresAt: new Date(document.expiresAt) });
      return policyDigest(today) === digest;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  async #issue(name: PresetName, version: number, now: Date): Promise<StoredPolicy> {
    const expiresAt = new Date(now.getTime() + limits.policyValidMs);
    const document = presetDocument(name, { version, issuedAt: now, expiresAt });
    const envelope = await signStatement(policyStatement(document), this.signer);
    await this.repository.add({ id: name, version, sha256: policyDigest(document), envelope, expiresAt });
    const kept = await this.repository.newest(name);
    if (!kept) throw new DomainError('POLICY_NOT_FOUND', { policy: name, envelope: sha256Hex(envelope) });
    return kept;
  }
}
