import { createHash } from 'node:crypto';
import type { NormalisedFrame, NormalisedTrace } from './model/normalised-trace.js';

/** In-app frames that make a signature. */
const SIGNATURE_FRAMES = 3;
/** An overlong prefix chain would make the signature as exact as the whole stack. */
const PREFIX_FRAMES_MAX = 8;

/**
 * The levels of one trace, hex SHA-256. A level is absent when the trace lacks what it is made of: without names there
 * is only K0.
 */
export interface Fingerprints {
  readonly normaliserVersion: string;
  /** Raw: build ids and offsets, or names and lines as printed. */
  readonly k0: string;
  /** Whether K0 names machine code: every frame has its build id and offset. */
  readonly k0Exact: boolean;
  /** Every normalised frame that weighs more than an indirection, and how the program failed. */
  readonly k1?: string;
  /** In-app functions. */
  readonly k2?: string;
  /** Signature: the prefix chain before, and the first three, in-app functions. */
  readonly k3?: string;
  /** Modules, in order of appearance. */
  readonly k4?: string;
  /** Index terms: functions and adjacent pairs. */
  readonly terms: readonly string[];
}

/** Computes every level of a normalised trace. */
export function fingerprint(trace: NormalisedTrace): Fingerprints {
  const telling = trace.frames.filter((frame) => frame.weight > 0.1);
  const inApp = telling.filter((frame) => frame.category === 'app');
  const named = inApp.filter((frame) => frame.key !== undefined);
  const modules = [...new Set(trace.frames.flatMap((frame) => frame.module ?? []))];
  const digest = (level: string, parts: readonly string[]): string => hash(trace.normaliserVersion, level, parts);
  const raw = trace.rawKeys.length > 0 ? trace.rawKeys : (trace.lines ?? []);
  return {
    normaliserVersion: trace.normaliserVersion,
    k0: digest('K0', [trace.failure.signal ?? '', ...raw]),
    k0Exact: trace.frames.length > 0 && trace.frames.every(isMachineCode),
    ...(named.length > 0 && {
      k1: digest('K1', [trace.failure.kind, ...telling.map(keyOrHole)]),
      k2: digest('K2', inApp.map(keyOrHole)),
      k3: digest('K3', signature(trace)),
    }),
    ...(modules.length > 0 && { k4: digest('K4', modules) }),
    terms: indexTerms(trace),
  };
}

/** The level by which a replay's crash is compared, as `<level>:<hex>`: by functions where they have names. */
export function stackIdentity({ k0, k1 }: Fingerprints): string {
  return k1 === undefined ? `k0:${k0}` : `k1:${k1}`;
}

/** The frames of a trace's signature: what runs above the first in-app function, then the first three of these. */
export function signature(trace: NormalisedTrace): readonly string[] {
  const telling = trace.frames.filter((frame) => frame.weight > 0.1);
  const firstInApp = telling.findIndex((frame) => frame.category === 'app');
  const prefix = telling.slice(0, Math.max(firstInApp, 0)).slice(-PREFIX_FRAMES_MAX);
  return [...prefix.map(keyOrHole), '|', ...signatureFrames(trace).map(keyOrHole)];
}

/** The first three in-app frames, innermost first. */
export function signatureFrames(trace: NormalisedTrace): readonly NormalisedFrame[] {
  return trace.frames.filter((frame) => frame.category === 'app').slice(0, SIGNATURE_FRAMES);
}

/** Terms by which an index finds traces that share functions; frames of no weight make none. */
export function indexTerms(trace: NormalisedTrace): readonly string[] {
  const keys = trace.frames.filter((frame) => frame.weight > 0).map((frame) => frame.key);
  const terms = new Set<string>();
  keys.forEach((key, at) => {
    if (key === undefined) return;
    terms.add(`f:${key}`);
    const caller = keys[at + 1];
    if (caller !== undefined) terms.add(`p:${key}\u0000${caller}`);
  });
  return [...terms];
}

function keyOrHole(frame: NormalisedFrame): string {
  return frame.key ?? `?${frame.module ?? ''}`;
}

function isMachineCode(frame: NormalisedFrame): boolean {
  return frame.gnuBuildId !== undefined && frame.moduleOffset !== undefined;
}

/** Lengths go first, so no choice of names can make two lists hash alike. */
function hash(normaliserVersion: string, level: string, parts: readonly string[]): string {
  const sha256 = createHash('sha256').update(`stella/csfg/${level}/${normaliserVersion}\u0000`);
  for (const part of parts) sha256.update(`${Buffer.byteLength(part)}:${part}`);
  return sha256.digest('hex');
}
