import type { IndexRef } from '@stella/binary-delta';
import type { ErrorFacts } from '@stella/errors';
import type { MadeDelta } from '../../domain/make-delta.js';
import type { EnvelopeFinding, IndexPair, ProofFinding } from '../../domain/read-proof.js';
import type { RecheckFault } from '../../domain/recheck-delta.js';

/** What a thread is started with. */
export interface ThreadData {
  /** PEM of the keys whose proofs are read. */
  readonly keys: readonly string[];
}

/** A packed index on its way; its memory moves with it. */
export interface PackedBytes {
  readonly set: Uint8Array;
  readonly sides: Uint8Array;
}

/** Indexes by their keys, for one request and, as far as there is room, the next ones. */
export type Brought = ReadonlyMap<string, PackedBytes>;

/** One side of a comparison. */
export interface SideRequest {
  /** By which its index is held. */
  readonly key: string;
  readonly ref: IndexRef;
  /** Units that must have a side record. */
  readonly unitsWithSide: number;
  readonly modulePaths: readonly string[];
}

/** What may be asked, and what is answered. */
export interface Computations {
  keep(brought: Brought): void;
  /** `missing`: of these keys nothing is held. */
  compare(old: SideRequest, next: SideRequest, brought: Brought): { readonly made: MadeDelta } | { readonly missing: readonly string[] };
  open(envelope: Uint8Array): EnvelopeFinding;
  verify(envelope: Uint8Array, indexes: IndexPair): ProofFinding;
  recheck(envelope: Uint8Array, old: SideRequest, next: SideRequest, brought: Brought): RecheckFault | undefined;
}
export type Computation = keyof Computations;

export interface ToThread {
  readonly id: number;
  readonly what: Computation;
  readonly args: readonly unknown[];
}

export type FromThread =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly reason: string; readonly facts: ErrorFacts } };
