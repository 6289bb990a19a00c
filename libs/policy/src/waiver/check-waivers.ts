import type { PolicySet } from '../decision/policy-set.js';
import { policyTime } from '../decision/policy-document.js';
import type { Waiver } from './waiver.js';

/** A waiver whose envelope was verified, with who signed it as the trust root says. */
export interface SignedWaiver {
  readonly waiver: Waiver;
  /** SHA-256 of the envelope. */
  readonly evidence: string;
  /** Fingerprint of the key that signed it. */
  readonly keyFingerprint: string;
  /** The trust root gives the key the right to waive, at the time of use. */
  readonly mayWaive: boolean;
}

export type WaiverProblem =
  | 'NO_RIGHT'
  | 'SELF_APPROVED'
  | 'OTHER_TENANT'
  | 'OTHER_CANDIDATE'
  | 'OTHER_POLICY'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'NO_SUCH_RULE'
  | 'NOT_WAIVABLE'
  | 'TWICE'
  | 'TOO_MANY';

export interface WaiverDecision {
  /** Waivers that count, by rule; sorted. */
  readonly accepted: readonly SignedWaiver[];
  /** What was offered and does not count, with why: reported, never silent. */
  readonly ignored: readonly { readonly offered: SignedWaiver; readonly problem: WaiverProblem }[];
}

export interface WaiverContext {
  readonly tenant: string;
  readonly candidateSha256: string;
  readonly policy: PolicySet;
  readonly now: Date;
  /** Fingerprints of the keys of whoever asked for the release. */
  readonly requesterKeys: readonly string[];
}

/** Which of the waivers offered count. When more rules than the policy allows would be waived, none of them is. */
export function checkWaivers(offered: readonly SignedWaiver[], context: WaiverContext): WaiverDecision {
  const sorted = [...offered].sort((a, b) => compare(a.waiver.rule, b.waiver.rule) || compare(a.evidence, b.evidence));
  const accepted: SignedWaiver[] = [];
  const ignored: { offered: SignedWaiver; problem: WaiverProblem }[] = [];
  for (const one of sorted) {
    const twice = accepted.some((other) => other.waiver.rule === one.waiver.rule);
    const problem = problemOf(one, context) ?? (twice ? 'TWICE' : undefined);
    if (problem === undefined) accepted.push(one);
    else ignored.push({ offered: one, problem });
  }
  if (accepted.length <= context.policy.document.waiversMax) return { accepted, ignored };
  return { accepted: [], ignored: [...ignored, ...accepted.map((one) => ({ offered: one, problem: 'TOO_MANY' as const }))] };
}

function problemOf({ waiver, mayWaive, keyFingerprint }: SignedWaiver, context: WaiverContext): WaiverProblem | undefined {
  const now = context.now.getTime();
  if (!mayWaive) return 'NO_RIGHT';
  if (context.requesterKeys.includes(keyFingerprint)) return 'SELF_APPROVED';
  if (waiver.tenant !== context.tenant) return 'OTHER_TENANT';
  if (waiver.candidateSha256 !== context.candidateSha256) return 'OTHER_CANDIDATE';
  if (waiver.policySha256 !== context.policy.digest) return 'OTHER_POLICY';
  if (now < policyTime(waiver.issuedAt)) return 'NOT_YET_VALID';
  if (now >= policyTime(waiver.expiresAt)) return 'EXPIRED';
  const rule = context.policy.rules.get(waiver.rule);
  if (rule === undefined) return 'NO_SUCH_RULE';
  return rule.waivable ? undefined : 'NOT_WAIVABLE';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
