import { parseEnvelope, sha256Hex, type Signer, signStatement } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Tx } from '@stella/platform-database';
import { withdrawalStatement } from '@stella/verdict';
import { newsAbout } from '../domain/news.js';
import type { RevocationWord } from '../domain/verdict-record.js';
import { type Saying, type WithdrawalRecord, withdrawalAfter } from '../domain/withdrawal-record.js';
import { limits } from '../limits.js';
import type { GateTrust } from './gate-trust.js';
import type { GateFacts, Locks } from './ports.js';
import type { NewsRepository, RevocationRepository, StandingRepository, Transactions, Which, WithdrawalRepository } from './repositories.js';

const WORDS = { candidate: 'withdrawn', key: 'key-revoked', policy: 'policy-revoked' } as const satisfies Record<Saying['kind'], RevocationWord>;

/**
 * Takes back a candidate, a key or a policy, or reinstates a candidate: a signed statement, and all that follows from it in
 * one transaction. Said a second time it is the same as once.
 */
export class SayWithdrawal {
  constructor(
    private readonly trust: GateTrust,
    private readonly signer: Signer,
    private readonly withdrawals: WithdrawalRepository,
    private readonly revocations: RevocationRepository,
    private readonly standing: StandingRepository,
    private readonly news: NewsRepository,
    private readonly locks: Locks,
    private readonly transactions: Transactions,
    private readonly blobs: BlobStore,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError CANDIDATE_NOT_WITHDRAWN, BLOB_STORE_FULL */
  execute(saying: Saying): Promise<WithdrawalRecord> {
    const { tenant, kind, id, standing } = saying;
    return this.locks.hold(`withdrawal ${tenant} ${kind} ${id}`, AbortSignal.timeout(limits.callTimeoutMs), async () => {
      const last = await this.withdrawals.last(tenant, kind, id);
      if (last === undefined && standing === 'reinstated') throw new DomainError('CANDIDATE_NOT_WITHDRAWN', { candidate: id });
      if (last?.withdrawal.standing === standing) return last;
      const record = await this.#sign(last, saying);
      await this.transactions.tx((tx) => this.#keep(tx, record));
      return record;
    });
  }

  async #sign(last: WithdrawalRecord | undefined, saying: Saying): Promise<WithdrawalRecord> {
    const withdrawal = withdrawalAfter(last, saying, this.trust.verifierId, this.clock());
    const envelope = await signStatement(withdrawalStatement(withdrawal), this.signer);
    const { sha256 } = await this.blobs.put(envelope);
    return { withdrawal, note: saying.note, envelope, envelopeSha256: sha256, payloadSha256: sha256Hex(parseEnvelope(envelope).payload) };
  }

  async #keep(tx: Tx, record: WithdrawalRecord): Promise<void> {
    const { tenant, kind, id, standing, at } = record.withdrawal;
    await this.standing.lock(tx, tenant);
    await this.withdrawals.add(tx, record);
    if (kind === 'candidate') await this.news.add(tx, { tenant, subjects: [newsAbout.standingOfCandidate(id)], evidence: record.envelopeSha256, time: new Date(at) });
    if (standing === 'reinstated') await this.facts.reinstated(tx, record);
    else await this.facts.withdrawn(tx, record, await this.#takeBack(tx, record));
  }

  async #takeBack(tx: Tx, { withdrawal, note }: WithdrawalRecord): Promise<number> {
    const { tenant, kind, id } = withdrawal;
    const at = await this.#timeOf(tx, withdrawal);
    const word = WORDS[kind];
    await this.revocations.add(tx, tenant, { kind, id, reason: kind === 'candidate' ? word : withdrawal.reason, at });
    const direct = await this.standing.takeBack(tx, whichOf(withdrawal), { word, note, at, by: '' });
    const resting = await this.standing.takeBack(tx, { kind: 'resting-on', tenant, ids: direct }, { word: 'unfounded', note: `rests on ${kind} ${id}`, at, by: '' });
    this.facts.takenBack(tx, word, direct.length);
    this.facts.takenBack(tx, 'unfounded', resting.length);
    return direct.length + resting.length;
  }

  /** An entry about a candidate takes back what was decided before it, however clocks of processes differ. */
  async #timeOf(tx: Tx, { tenant, kind, id, at }: WithdrawalRecord['withdrawal']): Promise<Date> {
    const lastIssuedAt = kind === 'candidate' ? await this.standing.lastIssuedAt(tx, tenant, id) : undefined;
    return new Date(Math.max(Date.parse(at), (lastIssuedAt?.getTime() ?? 0) + 1));
  }
}

function whichOf({ tenant, kind, id }: WithdrawalRecord['withdrawal']): Which {
  switch (kind) {
    case 'candidate':
      return { kind, tenant, candidateSha256: id };
    case 'key':
      return { kind: 'signer', tenant, fingerprint: id };
    case 'policy':
      return { kind, tenant, sha256: id };
  }
}
