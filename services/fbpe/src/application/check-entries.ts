import { PREDICATE_TYPES, signStatement, verifyStatement } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { pauseAfter } from '../domain/check-schedule.js';
import { type CheckResult, crossVerificationStatement, readCrossVerification } from '../domain/cross-verification.js';
import { isSameOperator, type Peering } from '../domain/peering.js';
import { readEvidence } from '../domain/evidence.js';
import { limits } from '../limits.js';
import type { AppendEntry } from './append-entry.js';
import { atOnce } from './at-once.js';
import type { DeltaCheck, DeltaVerifier, EntryRepository, FederationFacts, ForeignEntry, ForeignRepository, KeptVerification, OwnNode, Transactions, VerificationRepository } from './ports.js';

export type Tally = Record<CheckResult, number>;

/**
 * Does a peer's checks again itself, and says in the own log what came out; takes what the peer says about entries. What
 * could not be checked is `cannot`, never passed.
 */
export class CheckEntries {
  constructor(
    private readonly own: OwnNode,
    private readonly transactions: Transactions,
    private readonly blobs: BlobStore,
    private readonly entries: EntryRepository,
    private readonly foreign: ForeignRepository,
    private readonly verifications: VerificationRepository,
    private readonly append: AppendEntry,
    private readonly deltas: DeltaVerifier,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
    private readonly random: () => number,
  ) {}

  async execute(peering: Peering, signal: AbortSignal): Promise<Tally> {
    const tally: Tally = { agrees: 0, disagrees: 0, cannot: 0 };
    const due = await this.foreign.due(peering.id, this.clock(), limits.checksPerPullMax);
    await atOnce(due, limits.checksAtOnce, async (entry) => {
      if (signal.aborted) return;
      if (entry.predicateType === PREDICATE_TYPES.crossVerification) await this.#take(peering, entry);
      else tally[await this.#check(peering, entry, signal)] += 1;
    });
    return tally;
  }

  /** What the peer says of a payload, if its own key signed it. */
  async #take(peering: Peering, entry: ForeignEntry): Promise<void> {
    const envelopeSha256 = entry.envelopeSha256 ?? '';
    const said = this.#read(peering, entry, await this.blobs.bytes(envelopeSha256, limits.envelopeBytesMax));
    await this.transactions.tx(async (tx) => {
      await this.foreign.checked(tx, entry);
      if (!said) return;
      const about = await this.entries.find(entry.tenant, { payloadDigest: said.payloadDigest }, tx);
      const kept: KeptVerification = { ...said, tenant: entry.tenant, predicateType: PREDICATE_TYPES.crossVerification, envelopeSha256, origin: entry.origin, index: entry.index };
      const isNew = await this.verifications.save(tx, kept, this.clock());
      if (isNew && about) await this.facts.entryCrossVerified(tx, kept, about.logTime, this.clock());
    });
  }

  #read(peering: Peering, entry: ForeignEntry, envelope: Uint8Array) {
    try {
      const { statement, key } = verifyStatement(envelope, peering.evidenceKeys, { predicateType: PREDICATE_TYPES.crossVerification, sizeBytesMax: limits.envelopeBytesMax });
      const said = readCrossVerification(statement.predicate);
      if (!statement.subjects.some(({ sha256 }) => sha256 === said.payloadDigest)) throw new Error('the statement is not about its subject');
      return { ...said, organisation: peering.organisation, keyFingerprint: key.fingerprint, sameOperator: isSameOperator(peering, this.own) };
    } catch (error) {
      this.facts.payloadRefused(entry, isDomainError(error) ? error.reason : 'SUBJECT_MISMATCH');
      return undefined;
    }
  }

  async #check(peering: Peering, entry: ForeignEntry, signal: AbortSignal): Promise<CheckResult> {
    const envelope = await this.blobs.bytes(entry.envelopeSha256 ?? '', limits.envelopeBytesMax);
    const check = await this.deltas.verify(entry.tenant, envelope, signal);
    this.facts.checked(check.result, entry.predicateType, check.again);
    const isLastAttempt = entry.checkAttempts + 1 >= limits.checkAttemptsMax;
    if (check.again === 'soon' && !isLastAttempt) await this.#later(entry);
    else await this.#say(peering, entry, envelope, check);
    return check.result;
  }

  async #say(peering: Peering, entry: ForeignEntry, checked: Uint8Array, { result, reason, again }: DeltaCheck): Promise<void> {
    const { statement, payloadDigest } = readEvidence(checked, limits.envelopeBytesMax);
    const sameOperator = isSameOperator(peering, this.own);
    const found = { payloadDigest, result, method: 'lift', relation: sameOperator ? 'same-operator' : 'partner', ...(reason === undefined ? {} : { reason }) } as const;
    const envelope = await signStatement(crossVerificationStatement(found, distinct(statement.subjects)), this.own.evidence);
    const logged = await this.append.execute(entry.tenant, envelope);
    await this.transactions.tx(async (tx) => {
      const { organisation } = this.own;
      const kept = { ...found, tenant: entry.tenant, organisation, keyFingerprint: this.own.evidence.keyId, sameOperator, predicateType: PREDICATE_TYPES.crossVerification, envelopeSha256: logged.envelopeSha256, origin: logged.origin, index: logged.index };
      await this.verifications.save(tx, kept, this.clock());
      if (again !== 'later') await this.foreign.checked(tx, entry);
    });
    if (again === 'later') await this.#later(entry);
  }

  #later(entry: ForeignEntry): Promise<void> {
    const pauseMs = pauseAfter(entry.checkAttempts, limits.checkPauseMs, limits.checkPauseMsMax, this.random());
    return this.foreign.checkLater(entry, new Date(this.clock().getTime() + pauseMs));
  }
}

function distinct(subjects: readonly { readonly sha256: string }[]): string[] {
  return Array.from(new Set(subjects.map(({ sha256 }) => sha256)));
}
