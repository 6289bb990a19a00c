import type { AnalysedStack } from '@stella/stack-fingerprint';
import type { Sql, Tx } from '@stella/platform-database';
import type { StackSource } from '../domain/stack-source.js';
import type { Stack } from '../domain/stack.js';
import type { CodeLocation, SymbolTable } from '../domain/symbol-table.js';

export interface NewStack extends AnalysedStack {
  readonly tenant: string;
  readonly id: string;
  readonly source: StackSource;
  readonly incident: string | undefined;
  readonly createTime: Date;
}

/** Stacks newest first, those of one incident or all. */
export interface StackPageQuery {
  readonly tenant: string;
  readonly incident: string | undefined;
  readonly after: { readonly createTime: Date; readonly id: string } | undefined;
  readonly countMax: number;
}

export interface StackKey {
  readonly tenant: string;
  readonly id: string;
}

/** The system of record. What is written needs the tenant's lock, so that revisions grow in the order of commits. */
export interface StackRepository {
  lockTenant(tx: Tx, tenant: string): Promise<void>;
  /** @param tx of whoever changes it; default: as last committed */
  find(key: StackKey, tx?: Sql): Promise<Stack | undefined>;
  sourceOf(key: StackKey, tx?: Sql): Promise<StackSource | undefined>;
  page(query: StackPageQuery): Promise<readonly Stack[]>;
  /** Those changed after a revision, oldest change first. */
  changedSince(tenant: string, revision: bigint, countMax: number): Promise<readonly Stack[]>;
  tenants(): Promise<readonly string[]>;
  /** Stacks with nameless frames of one of these builds, in order of their keys. */
  lackingNames(gnuBuildIds: readonly string[], after: StackKey | undefined, countMax: number, tx?: Sql): Promise<readonly StackKey[]>;
  /** Stacks that other versions of the normaliser made. */
  ofOtherVersion(normaliserVersion: string, countMax: number): Promise<readonly StackKey[]>;
  insert(tx: Tx, stack: NewStack): Promise<void>;
  saveAnalysis(tx: Tx, key: StackKey, analysis: AnalysedStack): Promise<void>;
  setIncident(tx: Tx, key: StackKey, incident: string): Promise<void>;
  setMatchedIncident(tx: Tx, key: StackKey, incident: string): Promise<void>;
}

/** Which request gave which stack. */
export interface RequestRepository {
  find(tx: Tx, tenant: string, requestId: string): Promise<{ readonly requestSha256: string; readonly stackId: string } | undefined>;
  insert(tx: Tx, tenant: string, requestId: string, answer: { requestSha256: string; stackId: string; createTime: Date }): Promise<void>;
}

/** What is known of addresses without asking. */
export interface SymbolRepository {
  find(tenant: string, locations: readonly CodeLocation[], tx?: Sql): Promise<SymbolTable>;
  save(tx: Tx, tenant: string, symbols: SymbolTable): Promise<void>;
}

/** Where symbols are published. */
export interface SymbolSource {
  /** Those that are known; an unknown build is no error. @throws DomainError UNAVAILABLE, DEADLINE_EXCEEDED */
  lookUp(locations: readonly CodeLocation[], signal: AbortSignal): Promise<SymbolTable>;
}

/** One helper a fact: each counts it, logs it and, where others care, adds it to the outbox. */
export interface StackFacts {
  ingested(tx: Tx, stack: NewStack, isNew: boolean): Promise<void>;
  symbolsOffered(tx: Tx, key: StackKey, pack: string): Promise<void>;
  named(tx: Tx, key: StackKey, pack: string): Promise<void>;
  matched(tx: Tx, key: StackKey, match: { incident: string; scorePpm: number; resymbolisedBy: string }): Promise<void>;
  renormalised(key: StackKey): void;
  answered(verdict: string, durationSeconds: number): void;
  incidentDiffers(key: StackKey, kept: string, refused: string): void;
  /** From an event to the stack that was made of it. */
  lagged(seconds: number): void;
  indexed(stacks: number): void;
}

/** Runs work in a transaction; the platform's `Database` is one. */
export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
