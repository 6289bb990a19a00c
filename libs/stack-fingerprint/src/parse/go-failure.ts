import type { FailureKind, RawFailure } from '../model/raw-trace.js';

/** The Go runtime's own errors (src/runtime/error.go, panic.go, map.go, chan.go), as closed sub-types. */
const RUNTIME_ERRORS: readonly (readonly [needle: string, type: string])[] = [
  ['invalid memory address or nil pointer dereference', 'nil-dereference'],
  ['index out of range', 'index-out-of-range'],
  ['slice bounds out of range', 'slice-out-of-range'],
  ['cannot convert slice', 'slice-conversion'],
  ['integer divide by zero', 'division-by-zero'],
  ['integer overflow', 'integer-overflow'],
  ['negative shift amount', 'negative-shift'],
  ['makeslice:', 'makeslice'],
  ['growslice:', 'growslice'],
  ['hash of unhashable type', 'unhashable-key'],
  ['comparing uncomparable type', 'uncomparable'],
  ['assignment to entry in nil map', 'nil-map-write'],
  ['close of closed channel', 'closed-channel'],
  ['close of nil channel', 'nil-channel'],
  ['send on closed channel', 'closed-channel-send'],
  ['interface conversion:', 'interface-conversion'],
  ['unexpected fault address', 'memory-fault'],
];

const FATAL_ERRORS: readonly (readonly [needle: string, type: string])[] = [
  ['stack overflow', 'stack-overflow'],
  ['all goroutines are asleep', 'deadlock'],
  ['concurrent map', 'concurrent-map-access'],
  ['out of memory', 'out-of-memory'],
  ['cannot allocate memory', 'out-of-memory'],
  ['unexpected signal during runtime execution', 'signal-in-runtime'],
  ['unlock of unlocked', 'unlock-of-unlocked'],
  ['fault', 'memory-fault'],
];

const find = (table: typeof RUNTIME_ERRORS, message: string): string | undefined =>
  table.find(([needle]) => message.includes(needle))?.[1];

/** The failure that a `panic:` message stands for. */
export function goPanic(message: string, signal?: string): RawFailure {
  const type = find(RUNTIME_ERRORS, message);
  const ofRuntime = type !== undefined || message.startsWith('runtime error:');
  return failure(ofRuntime ? 'runtime-error' : 'panic', message, type, signal);
}

/** The failure that a `fatal error:` message stands for. */
export function goFatal(message: string, signal?: string): RawFailure {
  const type = find(FATAL_ERRORS, message);
  return failure(type === 'stack-overflow' ? 'stack-overflow' : 'fatal', message, type, signal);
}

function failure(kind: FailureKind, message: string, type?: string, signal?: string): RawFailure {
  return { kind, message, ...(type !== undefined && { type }), ...(signal !== undefined && { signal }) };
}
