import { resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import { callNative } from './call.js';
import { isEndFrame, parseFrame } from './frames.js';
import { callOptions, type InputLimits, limitArgs } from './input-limits.js';
import { checkedEnd, checkedHeader } from './lift-shape.js';
import type { LiftFrame, LiftSide } from './lift-types.js';

export type LiftLimits = InputLimits;

const UNIT = Buffer.from('{"e1":');

/**
 * Lifts one binary: its header first, then units sorted by id with their side facts, and the totals last.
 * @throws as callNative: INPUT_EMPTY, INPUT_NOT_ELF, INPUT_TRUNCATED, ARCH_UNSUPPORTED, INPUT_TOO_LARGE, LIMIT_MEMORY,
 * LIMIT_CPU …
 */
export async function* lift(path: string, limits: LiftLimits = {}): AsyncGenerator<LiftFrame, void, undefined> {
  // An absolute path is never taken for an option.
  const args = [resolve(path), ...limitArgs(limits)];
  let first = true;
  for await (const frame of callNative('lift', args, callOptions(limits))) {
    const found = liftFrame(frame);
    if (first !== (found.kind === 'header')) {
      throw new DomainError('NATIVE_FRAME_BROKEN', { expected: first ? 'lift' : 'unit, side or end', found: found.kind });
    }
    first = false;
    yield found;
  }
}

function liftFrame(frame: Buffer): LiftFrame {
  // Leaves are the bulk of the stream, and are hashed as they are: they are not parsed here.
  if (frame.subarray(0, UNIT.length).equals(UNIT)) return { kind: 'unit', bytes: frame };
  const value = parseFrame(frame);
  if (isEndFrame(frame)) return { kind: 'end', end: checkedEnd(value) };
  if (Array.isArray(value.side)) return { kind: 'side', sides: value.side as LiftSide[] };
  return { kind: 'header', header: checkedHeader(value) };
}
