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

/** What is known of a stack's incident. */
export type StackIncidents = Pick<Stack, 'incident' | 'matchedIncident'>;

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
  /** By stack id. */
  incidentsOf(tx: Tx, tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, StackIncidents>>;
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

export interface IngestRequestRow {
  readonly tenant: string;
  readonly requestId: string;
  /** Digest of what was asked. */
  readonly requestSha256: string;
  readonly createTime: Date;
}

/** Which request ids were used, and for what. */
export interface RequestRepository {
  /** Notes the request, unless its id was used before: then the digest of what that one asked. */
  claim(tx: Tx, request: IngestRequestRow): Promise<string | undefined>;
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
  ingested(tx: Tx, stack: NewStack): Promise<void>;
  /** A stack that was there got its incident. */
  incidentTold(tx: Tx, key: StackKey, incident: string): Promise<void>;
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
