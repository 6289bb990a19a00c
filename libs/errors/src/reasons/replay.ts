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
  INCIDENT_NOT_FOUND: { kind: 'not-found', says: 'no incident of this tenant has that name', next: 'create it, or list the incidents' },
  INCIDENT_CONFLICT: { kind: 'conflict', says: 'an incident of that id says something else', next: 'choose another id; what counts as fixed is never changed afterwards' },
  WITNESS_NOT_FOUND: { kind: 'not-found', says: 'no witness of this tenant has that name', next: 'record it, or list the witnesses' },
  VERIFICATION_NOT_FOUND: { kind: 'not-found', says: 'no verification of this tenant has that name', next: 'create it; its name is in the answer' },
  SANDBOX_UNAVAILABLE: {
    kind: 'precondition',
    says: 'the program is somebody else\'s, and this cluster has no sandbox with a kernel of its own',
    next: 'install gVisor or Kata and name its RuntimeClass in `replay.runtimeClassName`, or accept the risk with `replay.allowSharedKernel=true`',
  },
  REPLAY_JOB_LOST: { kind: 'unavailable', says: 'the job of the replay was lost twice: its node went away, its pod was evicted, or somebody deleted it', next: 'look at the nodes and at the quota of the replays\' namespace, then ask again' },
  REPLAY_JOB_NOT_STARTED: { kind: 'unavailable', says: 'the job of the replay did not start in time', next: 'read the cluster\'s own reason in the facts: no room, no image, no such RuntimeClass or seccomp profile' },
  REPLAY_JOB_REFUSED: { kind: 'precondition', says: 'the cluster refuses the job of the replay', next: 'read the API server\'s answer in the facts; compare the role and the Pod Security of the replays\' namespace with the chart\'s' },
  REPLAY_JOB_FAILED: { kind: 'precondition', says: 'the job of the replay ended without a result', next: 'read the reason in the facts; where a cap of the pod is named, raise it in `replay.resources`' },
  REPLAY_RESULT_INVALID: { kind: 'data-loss', says: 'what the job of the replay handed over is not a result', next: 'do not trust that node; ask again, and report it if it stays' },
  ISOLATION_REFUSED: { kind: 'precondition', says: 'programs are not run at this level of isolation', next: 'ask for I1' },
  CAPS_INVALID: { kind: 'invalid', says: 'a cap is out of bounds', next: 'ask for a cap within the bounds in the facts' },
  REPLAY_QUOTA_SPENT: { kind: 'exhausted', says: 'the tenant has as many replays under way as it may', next: 'wait until one is done' },
  WITNESS_NOT_DETERMINISTIC: {
    kind: 'precondition',
    says: 'the program does not fail the same way each time',
    next: 'look at what differs in the facts; choose a canonicaliser that removes it, or pin its cause',
  },
  WITNESS_DID_NOT_FAIL: {
    kind: 'precondition',
    says: 'the program does not fail with this input',
    next: 'check the artifact, the arguments and the caps; name the cap as expected where reaching it is the failure',
  },
  REPLAY_FAILED: { kind: 'unavailable', says: 'the program could not be run', next: 'read the capsule\'s reason in the facts and ask again' },
  REPLAY_NOT_ANSWERED: { kind: 'unavailable', says: 'no replay worker answered in time', next: 'check that replay workers run, then ask again' },
  REPLAY_HOST_CHANGED: { kind: 'unavailable', says: 'the replay ran on another host than the one that was asked for', next: 'ask again' },
  VERIFICATION_CONTRADICTED: {
    kind: 'data-loss',
    says: 'a later replay of the same program came out differently',
    next: 'do not trust the earlier result; verify again with more replays',
  },
  CLOSURE_INCOMPLETE: {
    kind: 'precondition',
    says: 'the program needs a library that capsules do not hold',
    next: 'link it statically, or add the library to the worker\'s closure',
  },
} as const satisfies Record<string, ReasonEntry>;
