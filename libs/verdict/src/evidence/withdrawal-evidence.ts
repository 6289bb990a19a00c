import { PREDICATE_TYPES } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { readWithdrawal, type Withdrawal } from '../withdrawal.js';
import type { RefusedEvidence } from '../verdict/verdict.js';
import type { CheckedEvidence } from './evidence-item.js';

export interface WithdrawalQuestion {
  readonly tenant: string;
  readonly verifierId: string;
  readonly organisation: string;
  readonly candidateSha256: string;
}

export interface WithdrawalFinding {
  /** Undefined: what was said contradicts itself. */
  readonly candidate: boolean | undefined;
  readonly evidence: readonly string[];
  readonly refused: readonly RefusedEvidence[];
}

interface Said {
  readonly withdrawal: Withdrawal;
  readonly one: CheckedEvidence;
}

/**
 * Whether the candidate is withdrawn: what the own organisation said last about it counts. A reinstatement comes with the
 * withdrawal that it lifts, and follows it; where that is not so, or two things were said at once, nothing is known.
 */
export function withdrawalFromEvidence(evidence: readonly CheckedEvidence[], question: WithdrawalQuestion): WithdrawalFinding {
  const refused: RefusedEvidence[] = [];
  const said: Said[] = [];
  for (const one of evidence) {
    if (one.ref.predicateType !== PREDICATE_TYPES.withdrawal) continue;
    const withdrawal = attempt(one, refused);
    if (withdrawal === undefined) continue;
    if (isAsked(withdrawal, one, question)) said.push({ withdrawal, one });
    else refused.push({ sha256: one.ref.sha256, problem: 'OTHER_WITHDRAWAL' });
  }
  const [last, before] = said.sort((a, b) => b.withdrawal.sequence - a.withdrawal.sequence);
  return { candidate: last === undefined ? false : standingOf(last, before), evidence: said.map(({ one }) => one.ref.sha256).sort(), refused };
}

function standingOf({ withdrawal: last }: Said, before: Said | undefined): boolean | undefined {
  if (before?.withdrawal.sequence === last.sequence) return undefined;
  if (last.standing === 'withdrawn') return true;
  const lifts = before !== undefined && before.withdrawal.standing === 'withdrawn' && before.withdrawal.sequence === last.sequence - 1 && before.one.ref.payloadSha256 === last.lifts;
  return lifts ? false : undefined;
}

function isAsked({ tenant, verifierId, kind, id }: Withdrawal, { organisation }: CheckedEvidence, question: WithdrawalQuestion): boolean {
  return kind === 'candidate' && id === question.candidateSha256 && tenant === question.tenant && verifierId === question.verifierId && organisation === question.organisation;
}

function attempt(one: CheckedEvidence, refused: RefusedEvidence[]): Withdrawal | undefined {
  try {
    return readWithdrawal(one.subjects, one.predicate);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    refused.push({ sha256: one.ref.sha256, problem: error.reason });
    return undefined;
  }
}
