import type { ReasonEntry } from '../reason-entry.js';

export const replay = {
  INCIDENT_UNKNOWN: { kind: 'not-found', says: 'No incident has this id.', next: 'list the incidents and name one of them' },
  RELEASE_UNAVAILABLE: { kind: 'unavailable', says: 'The files of the release are not on this machine.', next: 'install the pinned packages with `npm ci`' },
  TOOL_MISSING: { kind: 'precondition', says: 'A build tool is not installed.', next: 'install what the facts name and run again' },
  BUILD_FAILED: { kind: 'precondition', says: 'A release could not be built from its sources.', next: 'read the tool\'s own message in the facts' },
  SCHEMA_INVALID: {
    kind: 'invalid',
    says: 'The document does not match its schema.',
    next: 'Mend the member that `pointer` names.',
  },
  SCHEMA_UNKNOWN: {
    kind: 'invalid',
    says: 'No schema of this id is published.',
    next: 'Use one of the published schema ids.',
  },
  WITNESS_INVALID: {
    kind: 'invalid',
    says: 'The micro-witness contradicts itself.',
    next: 'Record the witness again; a witness is never mended by hand.',
  },
  PASS_PREDICATE_INVALID: {
    kind: 'invalid',
    says: 'The pass predicate cannot tell the failure from the fix.',
    next: 'Name an exit code or output that the failing program does not have.',
  },
  CANONICALISER_UNKNOWN: {
    kind: 'precondition',
    says: 'No canonicaliser of this id is known.',
    next: 'Upgrade to a version that knows it, or record the witness with one that is listed.',
  },
  OUTPUT_TOO_LARGE: {
    kind: 'exhausted',
    says: 'The output is too large to be made canonical.',
    next: 'Lower the output cap of the witness.',
  },
  REPLAY_COUNT_INVALID: {
    kind: 'invalid',
    says: 'The numbers of replays do not make sense.',
    next: 'Send whole numbers, successes not above replays, and at most 1,000 replays.',
  },
  VERIFY_RESULT_INVALID: {
    kind: 'data-loss',
    says: 'The verify result does not follow from its own runs.',
    next: 'Do not trust the result; replay the witness again.',
  },
} as const satisfies Record<string, ReasonEntry>;
