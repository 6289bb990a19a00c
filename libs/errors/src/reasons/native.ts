import type { ReasonEntry } from '../reason-entry.js';

/** What the lifter says of a file, in its own words: these reasons have the names that `stella-native` gives them. */
export const lifter = {
  INPUT_EMPTY: { kind: 'invalid', says: 'the file has no bytes', next: 'build or fetch the file again, and compare its SHA-256 with the one that its builder tells' },
  INPUT_NOT_ELF: { kind: 'invalid', says: 'the file is no ELF program', next: 'name the executable itself, not an archive, script or package that it comes in' },
  INPUT_TRUNCATED: { kind: 'invalid', says: 'the file is cut off, or its headers contradict what it holds', next: 'build or fetch the file again, and compare its SHA-256 with the one that its builder tells' },
  INPUT_TOO_LARGE: { kind: 'invalid', says: 'the file is larger than what is read', next: 'strip its debug information, or split it' },
  ARCH_UNSUPPORTED: { kind: 'invalid', says: 'the program is for a processor that is not lifted yet', next: 'offer the x86-64 build' },
  LIMIT_MEMORY: { kind: 'exhausted', says: 'the lifter needs more memory for this file than it may have', next: 'give the machine more memory, or offer a smaller build' },
  LIMIT_CPU: { kind: 'exhausted', says: 'the lifter needs more time for this file than it may have', next: 'run it again on a faster or idle machine, or offer a smaller build' },
  LIMIT_FUNCTIONS: { kind: 'exhausted', says: 'the file has more functions than are lifted', next: 'split the program' },
  LIMIT_UNITS: { kind: 'exhausted', says: 'the file has more units than an index holds', next: 'split the program' },
  LIMIT_REFERENCES: { kind: 'exhausted', says: 'the file has more references than are followed', next: 'split the program' },
  COVERAGE_BROKEN: { kind: 'internal', says: 'the lifter did not account for every byte of this file; nothing of it was kept', next: 'report the file: this is a defect of the lifter' },
  LIFTER_FAULT: { kind: 'internal', says: 'the lifter failed on this file; nothing of it was kept', next: 'report the file: this is a defect of the lifter' },
} as const satisfies Record<string, ReasonEntry>;

/** How a `stella-native` process fails as such. */
export const native = {
  NATIVE_FAILED: { kind: 'internal', says: 'the native process could not do its work', next: 'read the native reason in the facts' },
  NATIVE_CRASHED: { kind: 'internal', says: 'the native process died', next: 'call again; if it dies again, look whether the machine ran out of memory, and report the input; nothing of it was kept' },
  NATIVE_FRAME_BROKEN: { kind: 'data-loss', says: 'the native process sent a broken message', next: 'rebuild stella-native and call again' },
  NATIVE_MISSING: { kind: 'unavailable', says: 'the native executable cannot be started', next: 'build it with `npm run build`, or name it in STELLA_NATIVE' },
  NATIVE_OUTPUT_TOO_LARGE: { kind: 'exhausted', says: 'the native process answered more than allowed', next: 'raise the output limit or send a smaller input' },
  NATIVE_TIMEOUT: { kind: 'deadline', says: 'the native process ran past its time', next: 'raise the limit or send a smaller input' },
} as const satisfies Record<string, ReasonEntry>;
