import { claimConflicts, claimsOf } from '../domain/build-claim.js';
import type { BuildIndex } from '../domain/build-index.js';
import { conclusionOf, failed, type Finding, passed } from '../domain/finding.js';
import { keyDefect } from '../domain/namespace.js';
import { audienceOf, type Pack, type PackState } from '../domain/pack.js';
import type { Tx } from '@stella/platform-database';
import { addToIndex } from './follow-publications.js';
import type { ApprovalPolicy, KeyRepository, MarketplaceFacts, PackRepository, Transactions } from './ports.js';
import { findingsOf, type Validation } from './validate-pack.js';

/** Says what becomes of a validated pack, at one instant for everybody: claims, state, event and index agree. */
export class DecidePack {
  constructor(
    private readonly transactions: Transactions,
    private readonly packs: PackRepository,
    private readonly keys: KeyRepository,
    private readonly policy: ApprovalPolicy,
    private readonly index: BuildIndex,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  async execute(packId: string, validation: Validation): Promise<void> {
    await this.transactions.tx(async (tx) => {
      await this.packs.lockPublishing(tx);
      const pack = await this.packs.lock(tx, packId);
      // Another call for the same pack was faster.
      if (pack?.state !== 'validating') return;
      const findings = [...(await this.#signature(tx, pack)), ...(await this.#version(tx, pack)), passed('paths'), ...validation.findings, ...(await this.#buildIds(tx, pack, validation))];
      const state = this.#stateAfter(pack, findings);
      const decided: Pack = { ...pack, ...validation, findings, state, publishTime: state === 'published' ? this.clock() : undefined };
      await this.packs.save(tx, decided);
      if (state === 'published') await this.#publish(tx, decided);
      await this.facts.packDecided(tx, decided);
    });
  }

  #stateAfter(pack: Pack, findings: readonly Finding[]): PackState {
    const conclusion = conclusionOf(findings);
    if (conclusion === 'failed') return 'rejected';
    if (conclusion === 'unchecked') return 'validating';
    return this.policy.mayPublish(pack, findings) ? 'published' : 'in-review';
  }

  /** The signature was verified before; the key may have ended since. */
  async #signature(tx: Tx, { namespaceId, keyFingerprint }: Pack): Promise<readonly Finding[]> {
    const key = await this.keys.lock(tx, namespaceId, keyFingerprint);
    const defect = key ? keyDefect(key, this.clock()) : 'KEY_NOT_REGISTERED';
    return findingsOf('signature', () => (defect ? [failed(defect, keyFingerprint)] : [])).map((finding) => (finding.state === 'passed' ? { ...finding, detail: `key ${keyFingerprint}` } : finding));
  }

  /** The manifest itself was read before; another pack may have taken the version since. */
  async #version(tx: Tx, pack: Pack): Promise<readonly Finding[]> {
    const live = await this.packs.findLive(pack.name, tx);
    return findingsOf('manifest', () => (live ? [failed('PACK_VERSION_EXISTS', `${pack.name} is ${live.payloadDigest}`)] : []));
  }

  async #buildIds(tx: Tx, pack: Pack, { files }: Validation): Promise<readonly Finding[]> {
    const claims = claimsOf(files, pack.tenant);
    const known = await this.packs.claims(tx, audienceOf(pack), claims);
    return findingsOf('build-ids', () => claimConflicts(claims, known));
  }

  async #publish(tx: Tx, pack: Pack): Promise<void> {
    await this.packs.insertClaims(tx, audienceOf(pack), pack.id, claimsOf(pack.files, pack.tenant));
    tx.afterCommit(() => {
      addToIndex(this.index, pack);
      this.facts.indexed(this.index.size);
    });
  }
}
