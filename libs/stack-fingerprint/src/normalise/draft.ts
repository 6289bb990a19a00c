import type { Category } from '../model/normalised-trace.js';
import type { RawFrame } from '../model/raw-trace.js';

/** A frame while the rules work on it. */
export interface FrameDraft {
  readonly source: RawFrame;
  language: 'go' | 'native';
  function: string | undefined;
  module: string | undefined;
  file: string | undefined;
  /** Known from the import path or path, before both are shortened. */
  origin: 'std' | 'dependency' | undefined;
  category: Category | undefined;
  repeated: number;
  readonly fired: string[];
}

/** One step of the normaliser on one frame: changes the draft and says whether it did. */
export interface FrameRule {
  readonly id: string;
  readonly apply: (frame: FrameDraft) => boolean;
}

/** One step on the whole failing thread, innermost frame first. */
export interface ThreadRule {
  readonly id: string;
  readonly apply: (frames: FrameDraft[], context: { readonly failureKind: string }) => FrameDraft[];
}

/** A rule that rewrites the function's name. */
export function functionRule(
  id: string,
  language: FrameDraft['language'],
  rewrite: (name: string) => string,
): FrameRule {
  return {
    id,
    apply: (frame) => {
      if (frame.function === undefined || frame.language !== language) return false;
      const next = rewrite(frame.function);
      if (next === frame.function || next === '') return false;
      frame.function = next;
      return true;
    },
  };
}
