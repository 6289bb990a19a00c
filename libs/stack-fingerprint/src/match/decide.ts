import { signatureFrames, type Fingerprints } from '../fingerprint.js';
import { namedShare, type NormalisedTrace } from '../model/normalised-trace.js';
import type { Alignment } from './align.js';

export type Decision = 'same' | 'related' | 'new';

/** The strongest level at which two traces agree. */
export type MatchLevel = 'K0' | 'K1' | 'K2' | 'K3' | 'alignment';

/** What decided, in closed words; `failure-differs` and what follows it hold a candidate below `same`. */
export type DecisionGround =
  | 'machine-code-equal'
  | 'stack-equal'
  | 'score-and-signature'
  | 'score-only'
  | 'score-below-threshold'
  | 'failure-differs'
  | 'too-short'
  | 'not-symbolised'
  | 'format-unknown';

export interface Judgement {
  readonly decision: Decision;
  readonly level: MatchLevel;
  readonly ground: DecisionGround;
}

export interface MatchThresholds {
  /** Least alignment score of `same`. */
  readonly same: number;
  /** The same where either side has fewer in-app calls than `shortFrames`. */
  readonly sameShort: number;
  readonly shortFrames: number;
  /** Least alignment score of `related`. */
  readonly related: number;
  /** How many of the first three in-app functions two traces of one incident share at least. */
  readonly signatureShared: number;
  /** Least share of weight that has names on both sides for `same` by function. */
  readonly namedShare: number;
}

export const DEFAULT_THRESHOLDS: MatchThresholds = {
  same: 0.7,
  sameShort: 0.85,
  shortFrames: 5,
  related: 0.1,
  signatureShared: 2,
  namedShare: 0.5,
};

/** One in-app function is a place that every bug of a small program passes, unless what it called is told too. */
const IN_APP_MIN = 2;
const TELLING_MIN = 4;
const K0_FRAMES_MIN = 2;

export interface Side {
  readonly trace: NormalisedTrace;
  readonly fingerprints: Fingerprints;
}

/** Decides about one candidate. Nothing is guessed: each answer has a ground. */
export function judge(query: Side, candidate: Side, alignment: Alignment, thresholds: MatchThresholds): Judgement {
  const level = levelOf(query.fingerprints, candidate.fingerprints);
  const unknown = query.trace.format === 'unknown' || candidate.trace.format === 'unknown';
  if (unknown) return { decision: level === 'K0' ? 'related' : 'new', level, ground: 'format-unknown' };
  if (isSameMachineCode(query, candidate)) return { decision: 'same', level: 'K0', ground: 'machine-code-equal' };

  const near = level !== 'alignment' || alignment.score >= thresholds.related;
  const below = (ground: DecisionGround): Judgement => ({ decision: near ? 'related' : 'new', level, ground });
  if (!failuresAgree(query.trace, candidate.trace)) return below('failure-differs');
  const named = Math.min(namedShare(query.trace), namedShare(candidate.trace));
  if (named < thresholds.namedShare || !topIsNamed(query.trace) || !topIsNamed(candidate.trace)) {
    return below('not-symbolised');
  }
  if (tooShort(query.trace) || tooShort(candidate.trace)) return below('too-short');
  if (level === 'K1') return { decision: 'same', level, ground: 'stack-equal' };
  const short = Math.min(inAppCalls(query.trace).length, inAppCalls(candidate.trace).length) < thresholds.shortFrames;
  if (alignment.score < (short ? thresholds.sameShort : thresholds.same)) return below('score-below-threshold');
  const enough = sharedSignature(query.trace, candidate.trace) >= Math.min(thresholds.signatureShared, shorter(query, candidate));
  return enough ? { decision: 'same', level, ground: 'score-and-signature' } : below('score-only');
}

function levelOf(a: Fingerprints, b: Fingerprints): MatchLevel {
  if (a.k1 !== undefined && a.k1 === b.k1) return 'K1';
  if (a.k0 === b.k0) return 'K0';
  if (a.k2 !== undefined && a.k2 === b.k2) return 'K2';
  return a.k3 !== undefined && a.k3 === b.k3 ? 'K3' : 'alignment';
}

function isSameMachineCode(a: Side, b: Side): boolean {
  const exact = a.fingerprints.k0Exact && b.fingerprints.k0Exact && a.fingerprints.k0 === b.fingerprints.k0;
  return exact && a.trace.frames.length >= K0_FRAMES_MIN;
}

/** Two bugs of one function differ in how the program fails; a message alone may be reworded between versions. */
function failuresAgree({ failure: a }: NormalisedTrace, { failure: b }: NormalisedTrace): boolean {
  if (a.kind === 'unknown' || b.kind === 'unknown') return true;
  return a.kind === b.kind && a.type === b.type;
}

function inAppCalls(trace: NormalisedTrace) {
  return trace.frames.filter((frame) => frame.category === 'app' && frame.role === 'call');
}

function topIsNamed(trace: NormalisedTrace): boolean {
  return inAppCalls(trace)[0]?.key !== undefined;
}

/** A collapsed recursion is a place of its own, however few functions it has. */
function tooShort(trace: NormalisedTrace): boolean {
  const calls = inAppCalls(trace);
  if (calls.some((frame) => frame.repeated > 1)) return false;
  const telling = trace.frames.filter((frame) => frame.weight > 0.1);
  return calls.length < IN_APP_MIN && (calls.length === 0 || telling.length < TELLING_MIN);
}

function shorter(a: Side, b: Side): number {
  return Math.min(signatureFrames(a.trace).length, signatureFrames(b.trace).length);
}

function sharedSignature(a: NormalisedTrace, b: NormalisedTrace): number {
  const theirs = new Set(signatureFrames(b).flatMap((frame) => frame.key ?? []));
  return new Set(signatureFrames(a).flatMap((frame) => (frame.key !== undefined && theirs.has(frame.key) ? [frame.key] : []))).size;
}
