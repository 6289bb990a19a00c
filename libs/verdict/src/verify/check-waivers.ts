import type { PolicySet } from '@stella/policy';
import type { Bundle } from '../bundle/bundle.js';
import type { Trust } from '../evidence/check-evidence.js';
import { waiversFromEvidence } from '../evidence/waiver-evidence.js';
import type { Verdict } from '../verdict/verdict.js';
import { refuse } from './answer.js';

/** The waivers that the verdict counts on held at the decision, and hold still: an expired waiver ends the verdict. */
export function checkWaivers({ waivers }: Bundle, verdict: Verdict, trust: Trust, policy: PolicySet, now: Date): void {
  const question = { tenant: verdict.tenant, candidateSha256: verdict.candidate.sha256, policy, requesterKeys: verdict.requesterKeys };
  const expected = JSON.stringify(verdict.waivers.accepted.map(({ rule, evidence, expiresAt }) => [rule, evidence, expiresAt]));
  for (const at of [new Date(verdict.decidedAt), now]) {
    const { accepted, ignored } = waiversFromEvidence(waivers, trust, { ...question, at });
    const found = JSON.stringify(accepted.map(({ rule, evidence, expiresAt }) => [rule, evidence, expiresAt]));
    if (found === expected) continue;
    const [first] = ignored;
    refuse('waiver', first?.problem ?? 'OTHER_WAIVERS', { evidence: first?.evidence ?? '', at: at.toISOString() });
  }
}
