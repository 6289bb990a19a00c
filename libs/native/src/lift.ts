import { resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import { callNative } from './call.js';
import { isEndFrame, parseFrame } from './frames.js';
import { callOptions, type InputLimits, limitArgs } from './input-limits.js';
import type { LiftEnd, LiftFrame, LiftHeader, LiftSide } from './lift-types.js';
import { checkMembers, objectMember } from './shape.js';

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
  if (isEndFrame(frame)) return { kind: 'end', end: checked<LiftEnd>(value, 'end', END_TYPES) };
  if (Array.isArray(value.side)) return { kind: 'side', sides: value.side as LiftSide[] };
  return { kind: 'header', header: checked<LiftHeader>(value, 'lift', HEADER_TYPES) };
}

const HEADER_TYPES = { format: 'string', arch: 'string', ruleset: 'string', sizeBytes: 'number', toolchain: 'object', stripped: 'boolean' };
const END_TYPES = { units: 'number', functions: 'number', bytesLoaded: 'number', bytesCovered: 'number', bytesResidual: 'number' };

function checked<T>(frame: Record<string, unknown>, member: string, types: Readonly<Record<string, string>>): T {
  const value = objectMember(frame, member);
  checkMembers(value, types);
  return value as T;
}
