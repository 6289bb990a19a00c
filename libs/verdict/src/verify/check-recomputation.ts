import { canonicalize } from '@stella/attestation';
import type { PolicySet } from '@stella/policy';
import type { Bundle } from '../bundle/bundle.js';
import { evaluate, type Evaluation } from '../evaluate.js';
import type { Trust } from '../evidence/check-evidence.js';
import { claimsOf } from '../issue-verdict.js';
import { requestId } from '../verdict/request-id.js';
import type { Verdict } from '../verdict/verdict.js';
import { attempt, refuse } from './answer.js';

export interface Recomputation {
  readonly policy: PolicySet;
  /** The verdict signer's, as the verifier's own root says. */
  readonly organisation: string;
  readonly trust: Trust;
}

/** From the evidence to the decision again; whatever the verdict states has to come out. */
export function checkRecomputation({ evidence, waivers }: Bundle, verdict: Verdict, { policy, organisation, trust }: Recomputation): void {
  const { tenant, verifierId } = verdict;
  const [baselineSha256, candidateSha256, claims] = [verdict.baseline.sha256, verdict.candidate.sha256, claimsOf(verdict)];
  const asked = requestId({ tenant, baselineSha256, candidateSha256, claims, policySha256: policy.digest });
  if (asked !== verdict.requestId) refuse('recomputation', 'REQUEST_ID', { expected: asked, actual: verdict.requestId });
  const kept = new Set(verdict.evidence.map(({ sha256 }) => sha256));
  const again = attempt('recomputation', () =>
    evaluate({
      tenant, verifierId, organisation, baselineSha256, candidateSha256, claims, policy, evidence, waivers, trust,
      baselineBasis: verdict.baselineBasis,
      unanswered: verdict.unanswered,
      witnessesLeftOut: verdict.witnessesLeftOut,
      requesterKeys: verdict.requesterKeys,
      refusedBefore: verdict.refused.filter(({ sha256 }) => !kept.has(sha256)),
      log: verdict.log,
      decidedAt: new Date(verdict.decidedAt),
    }),
  );
  for (const [member, computed] of computedMembers(again)) {
    const stated = verdict[member];
    if (!Buffer.from(canonicalize(computed)).equals(canonicalize(stated))) refuse('recomputation', 'DIFFERS', { member, ...firstDifference(computed, stated) });
  }
}

type Computed = 'facts' | 'claims' | 'unexplained' | 'unexplainedCount' | 'evidence' | 'refused' | 'outcome' | 'unmetRules' | 'errors';

/** In the order in which one follows from the other, so that the first difference is the cause. */
function computedMembers(again: Evaluation): readonly (readonly [Computed, unknown])[] {
  const { decision } = again;
  return [
    ['evidence', again.evidence],
    ['refused', again.refused],
    ['claims', again.claims],
    ['unexplainedCount', again.unexplainedCount],
    ['unexplained', again.unexplained],
    ['facts', again.facts],
    ['errors', decision.errors],
    ['unmetRules', decision.unmetRules],
    ['outcome', decision.outcome],
  ];
}

function firstDifference(computed: unknown, stated: unknown): Readonly<Record<string, string>> {
  if (typeof computed !== 'object' || typeof stated !== 'object' || computed === null || stated === null) {
    return { computed: String(computed), stated: String(stated) };
  }
  const [a, b] = [computed as Record<string, unknown>, stated as Record<string, unknown>];
  const name = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().find((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key])) ?? '';
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
  return { name, computed: short(a[name]), stated: short(b[name]) };
}
