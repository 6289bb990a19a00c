import { DomainError } from '@stella/errors';
import { limits } from './limits.js';
import type { NormalisedFrame, NormalisedTrace } from './model/normalised-trace.js';
import type { RawFrame, RawTrace } from './model/raw-trace.js';
import { normaliseTrace, type NormaliseOptions } from './normalise/normalise.js';

export interface SourcePlace {
  readonly function: string;
  readonly file?: string;
  readonly line?: number;
}

/** What a symbol source knows of an address: the function, and what was inlined into it there, innermost first. */
export interface ResolvedAddress extends SourcePlace {
  readonly inlined: readonly SourcePlace[];
}

/** Looks up an address; absent when the build is not known, which is an answer. Offsets are `0x` and hex. */
export type SymbolResolver = (gnuBuildId: string, moduleOffset: string) => ResolvedAddress | undefined;

export interface SymbolisedTrace {
  readonly trace: NormalisedTrace;
  /** Frames that got a name. */
  readonly resolved: number;
  /** Frames that still have none. */
  readonly unresolved: number;
}

/**
 * Names the frames of a stored native trace. A return address points behind its call, so that callers are looked up
 * one byte earlier; the frame that failed is looked up as it is.
 *
 * @throws DomainError SYMBOL_INVALID
 */
export function symboliseTrace(
  stored: NormalisedTrace,
  resolve: SymbolResolver,
  options: NormaliseOptions = {},
): SymbolisedTrace {
  let resolved = 0;
  let unresolved = 0;
  const frames = stored.frames.flatMap((frame): RawFrame[] => {
    if (frame.function !== undefined || frame.gnuBuildId === undefined || frame.moduleOffset === undefined) {
      if (frame.function === undefined) unresolved++;
      return [toRaw(frame)];
    }
    const found = resolve(frame.gnuBuildId, lookupOffset(frame, frame.moduleOffset));
    if (!found) {
      unresolved++;
      return [toRaw(frame)];
    }
    resolved++;
    return namedFrames(frame, found);
  });
  const raw: RawTrace = {
    format: stored.format,
    language: stored.language,
    failure: { ...stored.failure, message: stored.failure.messageTemplate },
    threads: [{ label: 'stored', crashed: true, frames, truncated: stored.truncated }],
  };
  return { trace: { ...normaliseTrace(raw, options), rawKeys: stored.rawKeys, threads: stored.threads }, resolved, unresolved };
}

function lookupOffset(frame: NormalisedFrame, offset: string): string {
  return frame.trust === 'context' ? offset : `0x${(BigInt(offset) - 1n).toString(16)}`;
}

function namedFrames(frame: NormalisedFrame, found: ResolvedAddress): RawFrame[] {
  const places = [...found.inlined, found];
  return places.map((place, depth) => {
    if (place.function === '' || place.function.length > limits.lineCharsMax || /[\u0000-\u001f]/.test(place.function)) {
      throw new DomainError('SYMBOL_INVALID', {
        gnuBuildId: frame.gnuBuildId ?? '',
        moduleOffset: frame.moduleOffset ?? '',
      });
    }
    return {
      ...toRaw(frame),
      function: place.function,
      ...(place.file !== undefined && { file: place.file }),
      ...(place.line !== undefined && { line: place.line }),
      inlined: depth < places.length - 1,
    };
  });
}

function toRaw(frame: NormalisedFrame): RawFrame {
  return {
    raw: `${frame.module ?? '?'}+${frame.moduleOffset ?? '?'}`,
    ...(frame.function !== undefined && { function: frame.function }),
    ...(frame.module !== undefined && { module: frame.module }),
    ...(frame.gnuBuildId !== undefined && { gnuBuildId: frame.gnuBuildId }),
    ...(frame.moduleOffset !== undefined && { moduleOffset: frame.moduleOffset }),
    ...(frame.file !== undefined && { file: frame.file }),
    ...(frame.line !== undefined && { line: frame.line }),
    inlined: frame.inlined,
    repeated: frame.repeated,
    trust: frame.trust,
    role: frame.role,
  };
}
