import type { ReasonEntry } from '../reason-entry.js';

export const csfg = {
  STACK_EMPTY: {
    kind: 'invalid',
    says: 'the stack holds no text',
    next: 'send the text that the program printed when it failed, or the structured stack of the capsule',
  },
  STACK_TOO_LARGE: {
    kind: 'invalid',
    says: 'the stack is larger than the limit',
    next: 'send the failing thread first and leave out what follows it',
  },
  STACK_NOT_FOUND: {
    kind: 'not-found',
    says: 'no stack of this tenant has that name',
    next: 'list the stacks, or ingest it first',
  },
  STACK_INCIDENT_CONFLICT: {
    kind: 'conflict',
    says: 'this very stack was ingested for another incident',
    next: 'compare the two incidents; if they are one, close one of them',
  },
  STACK_QUOTA_SPENT: {
    kind: 'exhausted',
    says: 'the tenant holds as many stacks as it may',
    next: 'withdraw stacks that are of no use any more',
  },
  STACK_MALFORMED: {
    kind: 'invalid',
    says: 'the structured stack is not of the documented shape',
    next: 'correct the member that `at` points to',
  },
  SYMBOL_INVALID: {
    kind: 'invalid',
    says: 'a symbol source answered with a name that is not a function name',
    next: 'check the symbol pack of the build id that is named',
  },
  NORMALISER_VERSION_MISMATCH: {
    kind: 'precondition',
    says: 'the traces were normalised by different versions of the rules',
    next: 'fingerprint the older trace again with the current version',
  },
} as const satisfies Record<string, ReasonEntry>;
