import type { ReasonEntry } from '../reason-entry.js';

export const cli = {
  USAGE_INVALID: { kind: 'invalid', says: 'the command was not given as it must be', next: 'read the command\'s help: add --help' },
  RELEASE_UNKNOWN: { kind: 'not-found', says: 'no release or file has this name', next: 'name a release that the facts list, or the path of a file' },
  FILE_UNREADABLE: { kind: 'unavailable', says: 'a file could not be read', next: 'check the path and its rights' },
  FILE_NOT_WRITTEN: { kind: 'unavailable', says: 'a file could not be written', next: 'check the folder and its rights, and that no file of that name is there' },
  FILE_TOO_LARGE: { kind: 'exhausted', says: 'a file is larger than allowed', next: 'check that it is the file that was meant' },
  CONNECTION_MISSING: { kind: 'unavailable', says: 'nothing says how the system is reached', next: 'start it with `stella up` (in a checkout: `npm start`), or name its connection file with --connection or STELLA_CONNECTION' },
  CONNECTION_INVALID: { kind: 'unavailable', says: 'the connection file is not usable', next: 'start the system again with `stella up`, which writes it anew' },
  ANSWER_INCOMPLETE: { kind: 'unavailable', says: 'the service ended without an answer', next: 'run the command again; what was done is kept' },
  WORK_FAILED: { kind: 'precondition', says: 'the work was begun and could not be completed', next: 'read the reason in the facts' },
  WORK_NOT_DONE: { kind: 'deadline', says: 'the work was not done in time', next: 'run the command again; it waits for the same work' },
  PULL_PATH_REFUSED: { kind: 'precondition', says: 'a path in the pack leads out of the folder', next: 'do not use the pack, and tell its publisher' },
} as const satisfies Record<string, ReasonEntry>;
