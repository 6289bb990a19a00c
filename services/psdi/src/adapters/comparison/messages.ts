import type { IndexRef } from '@stella/binary-delta';
import type { ErrorFacts } from '@stella/errors';
import type { MadeDelta } from '../../domain/make-delta.js';
import type { ClaimedProof, RecheckFault } from '../../domain/recheck-delta.js';

/** A packed index on its way; its memory moves with it. */
export interface PackedBytes {
  readonly set: Uint8Array;
  readonly sides: Uint8Array;
}

/** One side of a comparison. */
export interface SideRequest {
  /** By which its index is held. */
  readonly key: string;
  readonly ref: IndexRef;
  /** Units that must have a side record. */
  readonly unitsWithSide: number;
  readonly modulePaths: readonly string[];
}

/** `brought`: indexes by their keys, for this request and, as far as there is room, the next ones. */
export type ComparisonRequest =
  | { readonly op: 'keep'; readonly brought: ReadonlyMap<string, PackedBytes> }
  | { readonly op: 'compare'; readonly old: SideRequest; readonly next: SideRequest; readonly brought: ReadonlyMap<string, PackedBytes> }
  | { readonly op: 'recheck'; readonly proof: ClaimedProof; readonly old: SideRequest; readonly next: SideRequest; readonly brought: ReadonlyMap<string, PackedBytes> };

export type ComparisonAnswer =
  /** Of these keys nothing is held: bring them. */
  | { readonly missing: readonly string[] }
  | { readonly made: MadeDelta }
  | { readonly fault: RecheckFault | undefined };

export interface ToThread {
  readonly id: number;
  readonly request: ComparisonRequest;
}

export type FromThread =
  | { readonly id: number; readonly answer: ComparisonAnswer | undefined }
  | { readonly id: number; readonly error: { readonly reason: string; readonly facts: ErrorFacts } };
