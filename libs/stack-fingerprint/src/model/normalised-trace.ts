import type { FailureKind, FrameTrust, TraceFormat } from './raw-trace.js';

/** Names the rules and their order; a change of any rule's effect is a new version. */
export const NORMALISER_VERSION = 'csfg-normaliser/1';

export type Category = 'app' | 'framework' | 'std' | 'indirection' | 'throw';

/** How much a frame of each category says about which bug it is. */
export const CATEGORY_WEIGHTS: Readonly<Record<Category, number>> = {
  app: 1,
  framework: 0.5,
  std: 0.3,
  indirection: 0.1,
  throw: 0,
};

/** One scrubbed frame. */
export interface NormalisedFrame {
  /** What two frames must share to be the same function; absent while the frame has no name. */
  readonly key?: string;
  readonly function?: string;
  readonly module?: string;
  readonly gnuBuildId?: string;
  readonly moduleOffset?: string;
  /** Repository-relative. */
  readonly file?: string;
  readonly line?: number;
  readonly inlined: boolean;
  readonly trust: FrameTrust;
  readonly role: 'call' | 'created-by';
  readonly category: Category;
  readonly weight: number;
  /** Times that the recursion cycle it belongs to was entered; 1 without recursion. */
  readonly repeated: number;
  /** Ids of the rules that changed this frame, in order. */
  readonly rules: readonly string[];
}

export interface NormalisedFailure {
  readonly kind: FailureKind;
  readonly type?: string;
  readonly signal?: string;
  /** The message with numbers, quoted text, paths, addresses and tokens replaced by their kind. */
  readonly messageTemplate: string;
}

/** A trace that may be stored: scrubbed, bounded, of one normaliser version. */
export interface NormalisedTrace {
  readonly normaliserVersion: string;
  readonly format: TraceFormat;
  readonly language: 'go' | 'native' | 'unknown';
  readonly failure: NormalisedFailure;
  /** Innermost first, recursion collapsed. */
  readonly frames: readonly NormalisedFrame[];
  /** Identity of each frame at level K0, before recursion was collapsed: build id and offset, or name and line. */
  readonly rawKeys: readonly string[];
  /** Frames of the failing thread that are missing: left out by the printer, or beyond the limit. */
  readonly truncated: boolean;
  readonly threads: number;
  /** Every rule that fired, with the number of frames it changed. */
  readonly rules: readonly { readonly rule: string; readonly frames: number }[];
  /** Only for `unknown`: the scrubbed text's first lines. */
  readonly lines?: readonly string[];
}

/** Share of the frames' weight that has a name, 0 to 1. */
export function namedShare(trace: NormalisedTrace): number {
  let named = 0;
  let all = 0;
  for (const frame of trace.frames) {
    all += frame.weight;
    if (frame.key !== undefined) named += frame.weight;
  }
  return all === 0 ? 0 : named / all;
}
