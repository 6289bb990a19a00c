import type { Revocation } from '@stella/attestation';
import type { Outcome } from '@stella/policy';
import type { Tx } from '@stella/platform-database';
import type { Refutation, WithdrawalKind } from '@stella/verdict';
import type { Stage } from '../domain/progress.js';
import type { RevocationWord, VerdictPlace, VerdictRecord, VerdictScope } from '../domain/verdict-record.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';

export interface StoredPolicy {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly envelope: Uint8Array;
  readonly expiresAt: Date;
}

export interface PolicyRepository {
  newest(id: string): Promise<StoredPolicy | undefined>;
  /** Whether such a document was ever published here. */
  isKnown(sha256: string): Promise<boolean>;
  /** Keeps the one that is there when two add the same version. */
  add(policy: StoredPolicy): Promise<void>;
}

export interface PagePlace {
  readonly time: Date;
  readonly id: string;
}

export interface Page<R> {
  readonly records: readonly R[];
  readonly next: PagePlace | undefined;
}

export interface EarlierAnswer {
  readonly tenant: string;
  readonly requestDigest: string;
  readonly askedSha256: string;
  readonly trustRootSha256: string;
  /** Verdicts that were issued before end soon. */
  readonly issuedAfter: Date;
}

export interface VerdictRepository {
  /** The newest whole verdict in force that answers this very question, unless there are news about it. */
  answerTo(question: EarlierAnswer): Promise<VerdictRecord | undefined>;
  /** There are news about a verdict that it did not consider. */
  missesNews(tenant: string, id: string): Promise<boolean>;
  /** This verdict, if it is in force, answers the very question, and considered all that is named. */
  ifItCovers(tenant: string, id: string, asked: Pick<EarlierAnswer, 'requestDigest' | 'askedSha256'>, considered: readonly string[]): Promise<VerdictRecord | undefined>;
  get(tenant: string, id: string): Promise<VerdictRecord | undefined>;
  list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<Page<VerdictRecord>>;
  /** The newest ALLOW in force about an artifact, by one of the policies: by it a baseline is known. */
  allowOf(tenant: string, candidateSha256: string, policies: { readonly ids: readonly string[]; readonly sha256: string }, now: Date): Promise<VerdictRecord | undefined>;
  add(tx: Tx, record: VerdictRecord, scope: VerdictScope): Promise<void>;
}

/** What a new verdict finds. */
export interface Before {
  /** Id of the verdict to the same question whose evaluation began last, and later than this one. */
  readonly overtakenBy: string | undefined;
  /** Id of the newest one to the same question that is in force; empty: none. */
  readonly predecessor: string;
  /** When a verdict about the candidate was issued last. */
  readonly lastIssuedAt: Date | undefined;
}

/** Which of the verdicts in force are taken back. */
export type Which =
  /** All that let the candidate through, or to a person. */
  | { readonly kind: 'candidate'; readonly tenant: string; readonly candidateSha256: string }
  | { readonly kind: 'question'; readonly place: VerdictPlace; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'signer'; readonly tenant: string; readonly fingerprint: string }
  | { readonly kind: 'policy'; readonly tenant: string; readonly sha256: string }
  /** Those that rest on others, through every step. */
  | { readonly kind: 'resting-on'; readonly tenant: string; readonly ids: readonly string[] };

export interface TakingBack {
  readonly word: RevocationWord;
  /** For the tenant itself; the signed list has the word. */
  readonly note: string;
  readonly at: Date;
  /** Id of the verdict that takes their place; empty: none. */
  readonly by: string;
}

/** Which verdicts hold. What changes it is done with `lock`, one at a time for each tenant, over all processes. */
export interface StandingRepository {
  /** Until the transaction ends. */
  lock(tx: Tx, tenant: string): Promise<void>;
  before(place: VerdictPlace, tx?: Tx): Promise<Before>;
  lastIssuedAt(tx: Tx, tenant: string, candidateSha256: string): Promise<Date | undefined>;
  /** Outcomes of verdicts in force to the same question. */
  outcomesInForce(tx: Tx, place: VerdictPlace): Promise<ReadonlySet<Outcome>>;
  /** An ALLOW or REVIEW about the candidate is in force that did not consider some of this evidence. */
  hasAcceptedWithout(tx: Tx, tenant: string, candidateSha256: string, evidence: readonly string[]): Promise<boolean>;
  /** Says whose place a verdict took. */
  follow(tx: Tx, place: VerdictPlace, id: string): Promise<void>;
  /** Ids of those that were in force and are not any more. */
  takeBack(tx: Tx, which: Which, why: TakingBack): Promise<readonly string[]>;
  /** Whether it was in force. */
  takeBackOne(tx: Tx, tenant: string, id: string, why: TakingBack): Promise<boolean>;
}

/** Which witnesses an evaluation may not leave out, though nobody names them. */
export interface WitnessMemory {
  /** Names of those that fail on the candidate, as earlier evaluations found. */
  refuting(tenant: string, candidateSha256: string): Promise<readonly string[]>;
  /** Names of those that the baseline, and its baselines, were held against when they were let through or to a person; of the nearest releases first. */
  inherited(tenant: string, baselineSha256: string): Promise<readonly string[]>;
  remember(tx: Tx, place: VerdictPlace, verdictId: string, found: readonly (Refutation & { readonly payloadSha256: string })[], at: Date): Promise<void>;
  /** Something is known to speak against the candidate that this scope did not look at. */
  overlooks(tx: Tx, scope: VerdictScope): Promise<boolean>;
}

export interface WithdrawalRepository {
  last(tenant: string, kind: WithdrawalKind, id: string): Promise<WithdrawalRecord | undefined>;
  /** What was said last, and where that is a reinstatement the withdrawal that it lifts, first. */
  standing(tenant: string, candidateSha256: string): Promise<readonly WithdrawalRecord[]>;
  /** How much was said about it; 0: nothing. */
  sequence(tx: Tx, tenant: string, candidateSha256: string): Promise<number>;
  /** What was said last about each thing. */
  list(tenant: string, kind: WithdrawalKind | undefined, after: PagePlace | undefined, count: number): Promise<Page<WithdrawalRecord>>;
  /** @throws DomainError DATABASE_… when something was said meanwhile */
  add(tx: Tx, record: WithdrawalRecord): Promise<void>;
}

export interface SignedList {
  readonly version: number;
  readonly envelope: Uint8Array;
  /** Of what it says. */
  readonly entriesDigest: string;
  /** Entries before it are not in the list. */
  readonly forgottenBefore: Date;
  /** Fingerprint of the key that signed it. */
  readonly signer: string;
  readonly issuedAt: Date;
}

/** What a list that is to be signed says. */
export interface ListDraft {
  readonly version: number;
  readonly entries: readonly Revocation[];
  readonly entriesDigest: string;
}

export interface RevocationRepository {
  last(tenant: string): Promise<SignedList | undefined>;
  /** It still says all that was taken back. */
  isWhole(tenant: string, list: SignedList, tx?: Tx): Promise<boolean>;
  /** One at a time for each tenant, over all processes; what another one signed meanwhile is taken if it will do and is whole. */
  next(tenant: string, forgottenBefore: Date, willDo: (list: SignedList) => boolean, sign: (draft: ListDraft) => Promise<SignedList>): Promise<SignedList>;
  /** Of a candidate or question, the later time counts. */
  add(tx: Tx, tenant: string, entry: Revocation): Promise<void>;
}

export interface BegunEvaluation {
  readonly id: string;
  /** Its place in the order in which evaluations begin, over all processes. */
  readonly began: bigint;
}

export interface EvaluationRepository {
  /** This question's evaluation: a new one, or one that was killed. Only for whoever holds the question's lock. */
  begin(tenant: string, questionDigest: string, newId: string): Promise<BegunEvaluation>;
  /** Its new place in the order. */
  beginAgain(id: string): Promise<bigint>;
  reached(id: string, stage: Stage): Promise<void>;
  /** The last step, in the verdict's own transaction. */
  done(tx: Tx, id: string, verdictId: string): Promise<void>;
  ended(id: string, state: 'failed' | 'cancelled', reason: string): Promise<void>;
  /** Those that nothing happened to since, the oldest first, at most `rowsMax`; how many that were. Locked ones are left alone. */
  forgetBefore(time: Date, rowsMax: number): Promise<number>;
}

export interface NewsRepository {
  add(tx: Tx, news: { readonly tenant: string; readonly subjects: readonly string[]; readonly evidence: string; readonly time: Date }): Promise<void>;
  /** Another one as soon as there are more news about the subjects. */
  mark(tenant: string, subjects: readonly string[]): Promise<string>;
  /** The oldest first, at most `rowsMax`; how many that were. Locked ones are left alone. */
  forgetBefore(time: Date, rowsMax: number): Promise<number>;
}

export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
