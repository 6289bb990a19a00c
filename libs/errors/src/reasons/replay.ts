import type { ReasonEntry } from '../reason-entry.js';

export const replay = {
  INCIDENT_UNKNOWN: { kind: 'not-found', says: 'no incident has this id', next: 'list the incidents and name one of them' },
  RELEASE_UNAVAILABLE: { kind: 'unavailable', says: 'the files of the release are not on this machine', next: 'install the pinned packages with `npm ci`' },
  TOOL_MISSING: { kind: 'precondition', says: 'a build tool is not installed', next: 'install what the facts name and run again' },
  BUILD_FAILED: { kind: 'precondition', says: 'a release could not be built from its sources', next: 'read the tool\'s own message in the facts' },
  SCHEMA_INVALID: {
    kind: 'invalid',
    says: 'the document does not match its schema',
    next: 'mend the member that `pointer` names',
  },
  SCHEMA_UNKNOWN: {
    kind: 'invalid',
    says: 'no schema of this id is published',
    next: 'use one of the published schema ids',
  },
  WITNESS_INVALID: {
    kind: 'invalid',
    says: 'the micro-witness contradicts itself',
    next: 'record the witness again; a witness is never mended by hand',
  },
  PASS_PREDICATE_INVALID: {
    kind: 'invalid',
    says: 'the pass predicate cannot tell the failure from the fix',
    next: 'name an exit code or output that the failing program does not have',
  },
  CANONICALISER_UNKNOWN: {
    kind: 'precondition',
    says: 'no canonicaliser of this id is known',
    next: 'upgrade to a version that knows it, or record the witness with one that is listed',
  },
  OUTPUT_TOO_LARGE: {
    kind: 'exhausted',
    says: 'the output is too large to be made canonical',
    next: 'lower the output cap of the witness',
  },
  REPLAY_COUNT_INVALID: {
    kind: 'invalid',
    says: 'the numbers of replays do not make sense',
    next: 'send whole numbers, successes not above replays, and at most 1,000 replays',
  },
  VERIFY_RESULT_INVALID: {
    kind: 'data-loss',
    says: 'the verify result does not follow from its own runs',
    next: 'do not trust the result; replay the witness again',
  },
} as const satisfies Record<string, ReasonEntry>;
