import type { ReasonEntry } from '../reason-entry.js';

export const csfg = {
  STACK_EMPTY: {
    kind: 'invalid',
    says: 'The stack holds no text.',
    next: 'Send the text that the program printed when it failed, or the structured stack of the capsule.',
  },
  STACK_TOO_LARGE: {
    kind: 'invalid',
    says: 'The stack is larger than the limit.',
    next: 'Send the failing thread first and leave out what follows it.',
  },
  STACK_NOT_FOUND: {
    kind: 'not-found',
    says: 'No stack of this tenant has that name.',
    next: 'List the stacks, or ingest it first.',
  },
  STACK_INCIDENT_CONFLICT: {
    kind: 'conflict',
    says: 'This very stack was ingested for another incident.',
    next: 'Compare the two incidents; if they are one, close one of them.',
  },
  STACK_QUOTA_SPENT: {
    kind: 'exhausted',
    says: 'The tenant holds as many stacks as it may.',
    next: 'Withdraw stacks that are of no use any more.',
  },
  STACK_MALFORMED: {
    kind: 'invalid',
    says: 'The structured stack is not of the documented shape.',
    next: 'Correct the member that `at` points to.',
  },
  SYMBOL_INVALID: {
    kind: 'invalid',
    says: 'A symbol source answered with a name that is not a function name.',
    next: 'Check the symbol pack of the build id that is named.',
  },
  NORMALISER_VERSION_MISMATCH: {
    kind: 'precondition',
    says: 'The traces were normalised by different versions of the rules.',
    next: 'Fingerprint the older trace again with the current version.',
  },
} as const satisfies Record<string, ReasonEntry>;
