import type { ReasonEntry } from '../reasons.js';

export const platform = {
  INTERNAL: { kind: 'internal', says: 'something failed inside', next: 'look up the trace id in the logs and report it' },
  REQUEST_INVALID: { kind: 'invalid', says: 'the request breaks its rules', next: 'mend the fields named in the details' },
  CONFIG_INVALID: { kind: 'precondition', says: 'the configuration is not usable', next: 'mend the variables named in the facts' },
  UNAUTHENTICATED: { kind: 'unauthenticated', says: 'the caller is not known', next: 'send a bearer token of the configured issuer' },
  PERMISSION_DENIED: { kind: 'denied', says: 'the caller may not do this', next: 'ask an operator of the tenant for the right' },
  DEADLINE_EXCEEDED: { kind: 'deadline', says: 'the call ran past its deadline', next: 'call again with a longer deadline' },
  CANCELLED: { kind: 'cancelled', says: 'the caller gave up', next: 'call again' },
  UNAVAILABLE: { kind: 'unavailable', says: 'a part that is needed does not answer', next: 'wait and call again' },
  NATIVE_FAILED: { kind: 'precondition', says: 'the native process refused its input', next: 'read the native reason in the facts' },
  NATIVE_CRASHED: { kind: 'precondition', says: 'the native process died on this input', next: 'report the input; nothing of it was kept' },
  NATIVE_FRAME_BROKEN: { kind: 'data-loss', says: 'the native process sent a broken message', next: 'rebuild stella-native and call again' },
  NATIVE_MISSING: { kind: 'unavailable', says: 'the native executable cannot be started', next: 'build it with `npm run build`, or name it in STELLA_NATIVE' },
  NATIVE_OUTPUT_TOO_LARGE: { kind: 'exhausted', says: 'the native process answered more than allowed', next: 'raise the output limit or send a smaller input' },
  NATIVE_TIMEOUT: { kind: 'deadline', says: 'the native process ran past its time', next: 'raise the limit or send a smaller input' },
  BLOB_NOT_FOUND: { kind: 'not-found', says: 'no blob has this digest', next: 'upload it first' },
  BLOB_DIGEST_MISMATCH: { kind: 'data-loss', says: 'the bytes are not what their digest says', next: 'upload the bytes again' },
  BLOB_TOO_LARGE: { kind: 'exhausted', says: 'the blob is larger than allowed', next: 'send a smaller one or raise the limit' },
  BLOB_STORE_FULL: { kind: 'exhausted', says: 'the blob store has no room', next: 'free or add space; nothing was stored' },
  PAGE_TOKEN_INVALID: { kind: 'invalid', says: 'the page token is not one of ours', next: 'list again from the first page' },
  REQUEST_ID_REUSED: { kind: 'conflict', says: 'the request id was used for another request', next: 'send a new request id' },
} as const satisfies Record<string, ReasonEntry>;
