import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import type { FrameTrust, RawFailure, RawFrame, RawThread, RawTrace } from '../model/raw-trace.js';

const TRUSTS: readonly FrameTrust[] = ['printed', 'context', 'cfi', 'frame-pointer', 'scan'];
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  31: 'SIGSYS',
};

/**
 * Reads the structured stack of a capsule's outcome: `{threads: [{tid, crashed, signal, frames: [{pc, module,
 * moduleOffset, gnuBuildId, symbol, trust}]}]}`, addresses as hex text. Thread ids and absolute addresses are dropped.
 *
 * @throws DomainError STACK_MALFORMED with the JSON pointer of the wrong member
 */
export function parseNative(value: unknown): RawTrace {
  const threads = list(member(value, 'threads', ''), '/threads', limits.threadsMax);
  const parsed = threads.map((thread, index) => parseThread(thread, `/threads/${index}`));
  const crashed = parsed.findIndex((thread) => thread.crashed);
  const signal = crashed < 0 ? undefined : parsed[crashed]?.signal;
  const failure: RawFailure =
    signal === undefined
      ? { kind: 'unknown', message: '' }
      : { kind: 'signal', type: signal, signal, message: '' };
  return {
    format: 'native',
    language: 'native',
    failure,
    threads: parsed.map(
      ({ label, frames, truncated }, index): RawThread => ({ label, frames, truncated, crashed: index === crashed }),
    ),
  };
}

function parseThread(value: unknown, at: string) {
  const all = list(member(value, 'frames', at), `${at}/frames`, Infinity);
  const frames = all.slice(0, limits.rawFramesMax).map((frame, index) => parseFrame(frame, `${at}/frames/${index}`));
  const number = member(value, 'signal', at);
  const signal = typeof number === 'number' ? (SIGNALS[number] ?? `SIG${number}`) : undefined;
  const crashed = member(value, 'crashed', at) === true;
  return { label: at.slice(1), crashed, signal, frames, truncated: all.length > frames.length };
}

function parseFrame(value: unknown, at: string): RawFrame {
  const module = text(member(value, 'module', at), `${at}/module`, 4_096);
  const gnuBuildId = text(member(value, 'gnuBuildId', at), `${at}/gnuBuildId`, 128)?.toLowerCase();
  const offset = text(member(value, 'moduleOffset', at), `${at}/moduleOffset`, 18)?.toLowerCase();
  const symbol = text(member(value, 'symbol', at), `${at}/symbol`, limits.lineCharsMax);
  if (gnuBuildId !== undefined && !/^[0-9a-f]{2,128}$/.test(gnuBuildId)) malformed(`${at}/gnuBuildId`, 'hex digits');
  if (offset !== undefined && !/^0x[0-9a-f]{1,16}$/.test(offset)) malformed(`${at}/moduleOffset`, '0x and hex digits');
  const trust = TRUSTS.find((known) => known === member(value, 'trust', at)) ?? 'scan';
  return {
    raw: `${module ?? '?'}+${offset ?? '?'}`,
    ...(module !== undefined && { module }),
    ...(gnuBuildId !== undefined && { gnuBuildId }),
    ...(offset !== undefined && { moduleOffset: `0x${BigInt(offset).toString(16)}` }),
    ...(symbol !== undefined && symbol !== '' && { function: symbol }),
    trust,
    role: 'call',
  };
}

function member(value: unknown, name: string, at: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) malformed(at, 'an object');
  return (value as Readonly<Record<string, unknown>>)[name];
}

function list(value: unknown, at: string, countMax: number): readonly unknown[] {
  if (!Array.isArray(value)) malformed(at, 'a list');
  if ((value as unknown[]).length > countMax) malformed(at, `at most ${countMax} members`);
  return value as unknown[];
}

function text(value: unknown, at: string, charsMax: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > charsMax) malformed(at, `text of at most ${charsMax} characters`);
  return value as string;
}

function malformed(at: string, expected: string): never {
  throw new DomainError('STACK_MALFORMED', { at: at === '' ? '/' : at, expected });
}
