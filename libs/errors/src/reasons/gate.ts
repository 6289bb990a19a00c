import type { ReasonEntry } from '../reason-entry.js';

export const gate = {
  CLAIM_INVALID: { kind: 'invalid', says: 'the claim is not one of the forms that exist', next: 'mend the claim as the facts say; `fixes incident <id>`, `changes <pattern>`, `changes file <pattern>`, `toolchain <from> -> <to>`, `data only` and `no semantic change` exist' },
  CLAIMS_TOO_MANY: { kind: 'exhausted', says: 'the release makes more claims than are allowed', next: 'join claims, or release less at once' },
  DELTA_SCOPE_INVALID: { kind: 'data-loss', says: 'what was said beside a delta proof does not fit it', next: 'have the delta computed again' },
  FACT_INVALID: { kind: 'internal', says: 'a fact is outside its closed set', next: 'report it; no decision was made' },
  POLICY_NOT_FOUND: { kind: 'not-found', says: 'no policy has this name', next: 'list the policies and name one of them' },
  POLICY_INVALID: { kind: 'invalid', says: 'the policy may not be published', next: 'mend the rules named in the facts' },
  POLICY_EXPIRED: { kind: 'precondition', says: 'the policy is not in force at this time', next: 'publish a new version of the policy' },
  POLICY_ROLLED_BACK: { kind: 'precondition', says: 'the policy is older than one already in force', next: 'use the newest version of the policy' },
  WAIVER_INVALID: { kind: 'invalid', says: 'the waiver is not well formed', next: 'mend the member named in the facts and sign it again' },
  EVALUATIONS_TOO_MANY: { kind: 'exhausted', says: 'as many releases are evaluated as are allowed at once', next: 'wait for one of them to end and call again' },
  EVALUATION_FAILED: { kind: 'precondition', says: 'the release could not be evaluated', next: 'read the cause in the facts; nothing was issued' },
  VERDICT_NOT_FOUND: { kind: 'not-found', says: 'no verdict has this name', next: 'list the verdicts of the candidate' },
  VERDICT_INVALID: { kind: 'invalid', says: 'the verdict statement is not well formed', next: 'fetch the verdict again from the gate that issued it' },
  BUNDLE_INVALID: { kind: 'invalid', says: 'the evidence bundle is not well formed', next: 'fetch the bundle again from the gate that issued it' },
  BUNDLE_TOO_LARGE: { kind: 'exhausted', says: 'the evidence bundle is larger than allowed', next: 'raise the size limit of the verifier' },
} as const satisfies Record<string, ReasonEntry>;
