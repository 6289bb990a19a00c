import { resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import { callNative } from './call.js';
import { isEndFrame, parseFrame } from './frames.js';
import { callOptions, type InputLimits, limitArgs } from './input-limits.js';
import { checkMembers, objectMember } from './shape.js';

/** Which build a file is, read without lifting it. */
export interface Identity {
  readonly format: string;
  readonly arch: string;
  readonly sizeBytes: number;
  readonly gnuBuildId: string | null;
  readonly goBuildId: string | null;
  readonly goVersion: string | null;
  readonly toolchain: { readonly name: string; readonly version: string; readonly evidence: readonly string[] };
  readonly debugLink: { readonly name: string; readonly crc32: string } | null;
  readonly hasDebugInfo: boolean;
  readonly stripped: boolean;
}

/** A function by its virtual address in the file. */
export interface FunctionSymbol {
  readonly address: number;
  readonly sizeBytes: number;
  readonly name: string;
}

/** Where an address lies; members that nothing in the file tells are left out. */
export interface Place {
  /** `0x` and hex. */
  readonly address: string;
  readonly function?: string;
  readonly offset?: number;
  readonly file?: string;
  readonly line?: number;
}

/** Addresses of one call: the command line has an end. */
const ADDRESSES_MAX = 1024;

/** @throws as callNative: INPUT_NOT_ELF, INPUT_TRUNCATED, ARCH_UNSUPPORTED … */
export async function identify(path: string, limits: InputLimits = {}): Promise<Identity> {
  const frame = await firstFrame('identify', path, [], limits);
  const identity = objectMember(frame, 'identify');
  checkMembers(identity, { format: 'string', arch: 'string', sizeBytes: 'number', hasDebugInfo: 'boolean', stripped: 'boolean' });
  return identity as unknown as Identity;
}

/** Functions in batches, ascending by address: from symbol tables and Go's pclntab. @throws as identify */
export async function* functionSymbols(path: string, limits: InputLimits = {}): AsyncGenerator<readonly FunctionSymbol[], void, undefined> {
  for await (const frame of inputFrames('identify', path, ['--symbols'], limits)) {
    if (Array.isArray(frame.symbols)) yield frame.symbols as FunctionSymbol[];
  }
}

/**
 * One place for each address, in their order.
 * @throws as identify; REQUEST_INVALID for more than 1024 addresses
 */
export async function symbolize(path: string, addresses: readonly bigint[], limits: InputLimits = {}): Promise<readonly Place[]> {
  if (addresses.length > ADDRESSES_MAX) {
    throw new DomainError('REQUEST_INVALID', { addresses: String(addresses.length), addressesMax: String(ADDRESSES_MAX) });
  }
  const hex = addresses.map((address) => `0x${address.toString(16)}`);
  const frame = await firstFrame('symbolize', path, hex, limits);
  const places = frame.symbolize;
  if (Array.isArray(places) && places.length === addresses.length) return places as Place[];
  throw new DomainError('NATIVE_FRAME_BROKEN', { expected: `${addresses.length} places`, found: 'another frame' });
}

/** The frames before the end, parsed. */
async function* inputFrames(
  command: string,
  path: string,
  rest: readonly string[],
  limits: InputLimits,
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  // An absolute path is never taken for an option.
  const args = [resolve(path), ...rest, ...limitArgs(limits)];
  for await (const frame of callNative(command, args, callOptions(limits))) {
    if (!isEndFrame(frame)) yield parseFrame(frame);
  }
}

/** The only frame that is wanted; the stream is read to its end, so that a late failure is not missed. */
async function firstFrame(command: string, path: string, rest: readonly string[], limits: InputLimits): Promise<Record<string, unknown>> {
  let first: Record<string, unknown> | undefined;
  for await (const frame of inputFrames(command, path, rest, limits)) first ??= frame;
  return first ?? {};
}
