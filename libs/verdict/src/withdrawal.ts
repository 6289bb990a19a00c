import { ObjectReader, PREDICATE_TYPES, SHA256_HEX, type JsonObject, type StatementInput } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';

/** What can be taken back by a person: a candidate, which can be reinstated; a key and a policy, for good. */
export const WITHDRAWAL_KINDS = ['candidate', 'key', 'policy'] as const;
export type WithdrawalKind = (typeof WITHDRAWAL_KINDS)[number];

/** Words for why; a free text stays with the tenant. */
export const WITHDRAWAL_REASONS = ['unspecified', 'defective', 'vulnerable', 'compromised', 'lost', 'retired', 'legal', 'mistaken', 'resolved'] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

/** Predicate of what somebody who may said about a thing: it counts no more, or again. Its one subject is the thing. */
export interface Withdrawal {
  readonly format: 'stella-withdrawal/1';
  readonly tenant: string;
  readonly verifierId: string;
  readonly kind: WithdrawalKind;
  /** SHA-256: of the artifact, of the key (its fingerprint), of the policy's document. */
  readonly id: string;
  readonly standing: 'withdrawn' | 'reinstated';
  /** Counts what was said about this thing, from 1. */
  readonly sequence: number;
  readonly reason: WithdrawalReason;
  /** Who said it, as the identity provider names him. */
  readonly by: string;
  readonly at: string;
  /** Id of the verdict that was taken back with it; empty: none. */
  readonly verdict: string;
  /** SHA-256 of the payload of the withdrawal that a reinstatement lifts; empty for a withdrawal. */
  readonly lifts: string;
}

/** The statement of it; sign it with the revocation key. Errors: WITHDRAWAL_INVALID for what would not read back. */
export function withdrawalStatement(withdrawal: Withdrawal): StatementInput {
  const input = { subjects: [{ name: withdrawal.kind, sha256: withdrawal.id }], predicateType: PREDICATE_TYPES.withdrawal, predicate: withdrawal };
  readWithdrawal(input.subjects, { ...withdrawal });
  return input;
}

const DIGEST = { lengthMax: 64, pattern: SHA256_HEX };
const NAME = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]*$/ };

/** Errors: WITHDRAWAL_INVALID with `at` and `problem`. */
export function readWithdrawal(subjects: readonly { readonly sha256: string }[], predicate: JsonObject): Withdrawal {
  try {
    const withdrawal = read(predicate);
    if (subjects.length !== 1 || subjects[0]?.sha256 !== withdrawal.id) invalid('subject', 'not the thing alone');
    return withdrawal;
  } catch (error) {
    if (!isDomainError(error, 'DOCUMENT_SHAPE_INVALID')) throw error;
    throw new DomainError('WITHDRAWAL_INVALID', error.facts, { cause: error });
  }
}

function read(predicate: JsonObject): Withdrawal {
  const reader = ObjectReader.of(predicate, 'withdrawal');
  const withdrawal: Withdrawal = {
    format: reader.word('format', ['stella-withdrawal/1']),
    tenant: reader.text('tenant', NAME),
    verifierId: reader.text('verifierId', { lengthMax: 500 }),
    kind: reader.word('kind', WITHDRAWAL_KINDS),
    id: reader.text('id', DIGEST),
    standing: reader.word('standing', ['withdrawn', 'reinstated']),
    sequence: reader.integer('sequence', 1),
    reason: reader.word('reason', WITHDRAWAL_REASONS),
    by: reader.text('by', NAME),
    at: reader.time('at').toISOString(),
    verdict: digestOrNothing(reader, 'verdict'),
    lifts: digestOrNothing(reader, 'lifts'),
  };
  reader.end();
  const isReinstatement = withdrawal.standing === 'reinstated';
  if (isReinstatement && withdrawal.kind !== 'candidate') invalid('standing', 'only a candidate is reinstated');
  if (isReinstatement !== (withdrawal.lifts !== '')) invalid('lifts', 'the withdrawal that a reinstatement lifts');
  return withdrawal;
}

function digestOrNothing(reader: ObjectReader, name: string): string {
  return reader.value(name) === '' ? '' : reader.text(name, DIGEST);
}

function invalid(at: string, problem: string): never {
  throw new DomainError('WITHDRAWAL_INVALID', { at, problem });
}
