import { limits } from '../limits.js';
import type { FrameDraft, ThreadRule } from './draft.js';

const RAISERS = new Set(['panic', 'runtime.gopanic', 'runtime.throw', 'runtime.fatalthrow', 'runtime.sigpanic']);
const SIGNAL_FRAMES = new Set(['<signal handler called>', '__restore_rt', '__kernel_rt_sigreturn']);
/** Fewer entries of a cycle may be the input's own depth. */
const OVERFLOW_ENTRIES_MIN = 8;

/**
 * Deferred functions run on top of the panicking stack: whatever lies above the outermost raiser only handled the
 * failure (The Go specification, "Handling panics"). The same holds for a signal handler.
 */
const handlers: ThreadRule = {
  id: 'thread.handlers',
  apply: (frames) => {
    const raisedAt = frames.findLastIndex(
      (frame) =>
        frame.source.role === 'call' &&
        frame.function !== undefined &&
        (frame.language === 'go' ? RAISERS : SIGNAL_FRAMES).has(frame.function),
    );
    for (const frame of frames.slice(0, raisedAt + 1)) {
      if (frame.category !== 'throw') {
        frame.category = 'throw';
        frame.fired.push('thread.handlers');
      }
    }
    return frames;
  },
};

/** Collapses immediate repetitions of a cycle of up to `recursionPeriodMax` functions to one entry. */
const recursion: ThreadRule = {
  id: 'thread.recursion',
  apply: (frames) => {
    const out: FrameDraft[] = [];
    for (let at = 0; at < frames.length; ) {
      const { period, entries } = longestCycle(frames, at);
      const kept = frames.slice(at, at + period);
      if (entries > 1) {
        for (const frame of kept) {
          frame.repeated *= entries;
          frame.fired.push('thread.recursion');
        }
      }
      out.push(...kept);
      at += period * entries;
    }
    return out;
  },
};

/** Which leaf meets the guard page depends on the stack's size and the build, not on the bug. */
const overflowTip: ThreadRule = {
  id: 'thread.overflow-tip',
  apply: (frames, { failureKind }) => {
    if (failureKind !== 'stack-overflow') return frames;
    const cycleAt = frames.findIndex((frame) => frame.repeated >= OVERFLOW_ENTRIES_MIN);
    for (const frame of frames.slice(0, Math.max(cycleAt, 0))) {
      if (frame.category === 'throw' || frame.category === 'indirection') continue;
      frame.category = 'indirection';
      frame.fired.push('thread.overflow-tip');
    }
    return frames;
  },
};

/** The function that started a goroutine is context, not a caller. */
const createdBy: ThreadRule = {
  id: 'thread.created-by',
  apply: (frames) => {
    for (const frame of frames) {
      if (frame.source.role !== 'created-by') continue;
      frame.category = 'indirection';
      frame.fired.push('thread.created-by');
    }
    return frames;
  },
};

export const threadRules: readonly ThreadRule[] = [handlers, recursion, overflowTip, createdBy];

function longestCycle(frames: readonly FrameDraft[], at: number): { period: number; entries: number } {
  let best = { period: 1, entries: 1 };
  for (let period = 1; period <= limits.recursionPeriodMax && at + period < frames.length; period++) {
    let end = at + period;
    while (end < frames.length && sameFunction(frames[end], frames[end - period])) end++;
    const entries = Math.floor((end - at) / period);
    // A longer period must cover more, or `a a a a` would read as `aa aa`.
    if (entries > 1 && entries * period > best.entries * best.period) best = { period, entries };
  }
  return best;
}

function sameFunction(a: FrameDraft | undefined, b: FrameDraft | undefined): boolean {
  if (a?.source.role !== 'call' || b?.source.role !== 'call') return false;
  if (a.function !== undefined) return a.function === b.function && a.module === b.module;
  const offset = a.source.moduleOffset;
  return b.function === undefined && offset !== undefined && offset === b.source.moduleOffset && a.module === b.module;
}
