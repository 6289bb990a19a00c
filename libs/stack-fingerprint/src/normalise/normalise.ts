import { limits } from '../limits.js';
import {
  CATEGORY_WEIGHTS,
  NORMALISER_VERSION,
  type NormalisedFrame,
  type NormalisedTrace,
} from '../model/normalised-trace.js';
import type { RawFailure, RawFrame, RawTrace } from '../model/raw-trace.js';
import { categoryRule, type CategoryRule } from './categories.js';
import type { FrameDraft, FrameRule } from './draft.js';
import { goRules, looksLikeGo } from './go-rules.js';
import { nativeRules } from './native-rules.js';
import { pathRule } from './path.js';
import { messageTemplate, scrubName, scrubText } from './scrub.js';
import { threadRules } from './thread-rules.js';

const FRAME_RULES: readonly FrameRule[] = [pathRule, ...goRules, ...nativeRules];

export interface NormaliseOptions {
  /** Asked before the default ones, in order. */
  readonly categoryRules?: readonly CategoryRule[];
}

/** Turns a parsed trace into the form that may be stored, compared and fingerprinted. */
export function normaliseTrace(trace: RawTrace, options: NormaliseOptions = {}): NormalisedTrace {
  const thread = trace.threads.find((candidate) => candidate.crashed);
  const rules = [...FRAME_RULES, categoryRule(options.categoryRules ?? [])];
  const drafts = (thread?.frames ?? []).map((frame) => applyRules(rules, draftOf(frame, trace.language)));
  const failureKind = trace.failure.kind;
  const whole = threadRules.reduce((frames, rule) => rule.apply(frames, { failureKind }), drafts);
  const frames = whole.slice(0, limits.framesMax).map(finish);
  return {
    normaliserVersion: NORMALISER_VERSION,
    format: trace.format,
    language: trace.language,
    failure: normaliseFailure(trace.failure),
    frames,
    rawKeys: drafts.filter((draft) => !draft.source.inlined).slice(0, limits.framesMax).map(rawKey),
    truncated: (thread?.truncated ?? false) || whole.length > limits.framesMax,
    threads: trace.threads.length,
    rules: countRules(frames),
    ...(trace.lines && { lines: scrubLines(trace.lines) }),
  };
}

function draftOf(source: RawFrame, language: RawTrace['language']): FrameDraft {
  return {
    source,
    language: language === 'go' || looksLikeGo(source) ? 'go' : 'native',
    function: source.function?.slice(0, limits.functionCharsMax),
    module: source.module,
    file: source.file,
    origin: undefined,
    category: undefined,
    repeated: source.repeated ?? 1,
    fired: [],
  };
}

function applyRules(rules: readonly FrameRule[], draft: FrameDraft): FrameDraft {
  for (const rule of rules) {
    if (rule.apply(draft)) draft.fired.push(rule.id);
  }
  return draft;
}

function finish(draft: FrameDraft): NormalisedFrame {
  const { source } = draft;
  const category = draft.category ?? 'app';
  const frame: { -readonly [Member in keyof NormalisedFrame]: NormalisedFrame[Member] } = {
    inlined: source.inlined ?? false,
    trust: source.trust,
    role: source.role,
    category,
    weight: CATEGORY_WEIGHTS[category],
    repeated: draft.repeated,
    rules: draft.fired,
  };
  if (draft.module !== undefined) frame.module = scrubName(draft.module);
  if (draft.function !== undefined) {
    frame.function = scrubName(draft.function);
    frame.key = frameKey(draft, frame.function, frame.module);
  }
  if (source.gnuBuildId !== undefined) frame.gnuBuildId = source.gnuBuildId;
  if (source.moduleOffset !== undefined) frame.moduleOffset = source.moduleOffset;
  if (draft.file !== undefined) frame.file = draft.file;
  if (source.line !== undefined) frame.line = source.line;
  return frame;
}

/** Two modules may have a function of the same name; code of the platform is the same in whichever module it is. */
function frameKey(draft: FrameDraft, name: string, module: string | undefined): string {
  const apart = draft.language === 'native' && draft.category === 'app' && module !== undefined;
  return apart ? `${module}!${name}` : name;
}

function rawKey({ source, file }: FrameDraft): string {
  if (source.gnuBuildId !== undefined && source.moduleOffset !== undefined) {
    return `${source.gnuBuildId}+${source.moduleOffset}`;
  }
  if (source.function === undefined) return scrubName(source.raw);
  return `${scrubName(source.function)} ${file?.split('/').at(-1) ?? '?'}:${source.line ?? '?'}`;
}

function normaliseFailure(failure: RawFailure): NormalisedTrace['failure'] {
  return {
    kind: failure.kind,
    ...(failure.type !== undefined && { type: failure.type }),
    ...(failure.signal !== undefined && { signal: failure.signal }),
    messageTemplate: messageTemplate(failure.message),
  };
}

function countRules(frames: readonly NormalisedFrame[]): NormalisedTrace['rules'] {
  const counts = new Map<string, number>();
  for (const rule of frames.flatMap((frame) => frame.rules)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts].map(([rule, count]) => ({ rule, frames: count }));
}

function scrubLines(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => line.trim() !== '')
    .slice(0, limits.framesMax)
    .map((line) => scrubText(line.slice(0, limits.functionCharsMax)));
}
