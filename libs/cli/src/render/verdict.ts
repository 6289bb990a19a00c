import { ClaimState, Outcome, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { EXIT, type ExitCode } from '../exit-code.js';
import { limits } from '../limits.js';
import { facts, indented, table } from './table.js';
import { renderWithdrawal, slimWithdrawal } from './withdrawal.js';

const OUTCOMES: Readonly<Record<number, { readonly word: string; readonly exitCode: ExitCode }>> = {
  [Outcome.OUTCOME_ALLOW]: { word: 'ALLOW', exitCode: EXIT.ok },
  [Outcome.OUTCOME_DENY]: { word: 'DENY', exitCode: EXIT.no },
  [Outcome.OUTCOME_REVIEW]: { word: 'REVIEW', exitCode: EXIT.review },
};
const UNKNOWN = { word: 'UNKNOWN', exitCode: EXIT.couldNotCheck };

const CLAIM_WORDS: Readonly<Record<number, string>> = {
  [ClaimState.CLAIM_STATE_PROVED]: 'proved',
  [ClaimState.CLAIM_STATE_REFUTED]: 'REFUTED',
  [ClaimState.CLAIM_STATE_UNPROVED]: 'unproved',
};

/** An outcome that this version does not know is no answer. */
export function outcomeOf({ outcome, revoked, revocationReason }: Pick<Verdict, 'outcome' | 'revoked' | 'revocationReason'>): { readonly word: string; readonly exitCode: ExitCode } {
  const known = OUTCOMES[outcome] ?? UNKNOWN;
  return revoked ? { word: `${known.word} (revoked${revocationReason === '' ? '' : `: ${revocationReason}`})`, exitCode: EXIT.no } : known;
}

/** The verdict as its reader needs it: the outcome first, then why. */
export function renderVerdict(verdict: Verdict, { isVerbose }: { readonly isVerbose: boolean }): string {
  const { baseline, candidate, policy, evaluationMs, cached } = verdict;
  const head = facts([
    ['verdict', outcomeOf(verdict).word],
    ['baseline', sideLine(baseline)],
    ['candidate', sideLine(candidate)],
    ['policy', `${policy.replace('policies/', '')}  ${verdict.policySha256}`],
    ['name', verdict.name],
    ['supersedes', verdict.supersedes],
    ['superseded by', verdict.supersededBy],
    ['issued', verdict.issueTime?.toISOString() ?? ''],
    ['valid until', verdict.validUntilTime?.toISOString() ?? ''],
    ['took', `${(Number(evaluationMs) / 1000).toFixed(1)} s${cached ? ' (this answer was already there)' : ''}`],
  ]);
  const parts = [head, verdict.withdrawal ? `The candidate is barred:\n${indented(renderWithdrawal(verdict.withdrawal))}` : '', unmetPart(verdict), claimsPart(verdict), unexplainedPart(verdict), isVerbose ? factsPart(verdict) : ''];
  return parts.filter((part) => part !== '').join('\n\n');
}

function sideLine(side: Verdict['baseline']): string {
  return side ? `${side.label}  ${side.sha256}` : '';
}

function unmetPart({ unmetRules }: Verdict): string {
  if (unmetRules.length === 0) return '';
  const lines = unmetRules.map(({ rule, reason, remedy, bars }) => `  ${rule} (bars ${bars})\n    ${reason}\n    remedy: ${remedy}`);
  return [`Unmet rules: ${unmetRules.length}`, ...lines].join('\n');
}

function claimsPart({ claims }: Verdict): string {
  if (claims.length === 0) return 'Claims: none';
  const rows = claims.map(({ claim, state, detail }) => [CLAIM_WORDS[state] ?? 'unknown', claim, detail]);
  return `Claims: ${claims.length}\n${indented(table(['state', 'claim', 'detail'], rows))}`;
}

function unexplainedPart({ unexplained, unexplainedCount }: Verdict): string {
  if (unexplainedCount === 0) return 'Unexplained changes: none';
  const shown = [...unexplained].sort((a, b) => Number(b.kind === 'function') - Number(a.kind === 'function')).slice(0, limits.unexplainedShown);
  const rows = shown.map(({ change, kind, displayName, unitId }) => [change, kind, displayName || unitId]);
  const rest = unexplainedCount - shown.length;
  return `Unexplained changes: ${unexplainedCount}\n${indented(table(['change', 'kind', 'name'], rows))}${rest > 0 ? `\n  and ${rest} more` : ''}`;
}

function factsPart({ facts: list }: Verdict): string {
  return `Facts: ${list.length}\n${indented(facts(list.map(({ name, value }) => [name, value] as const)))}`;
}

/** For scripts: the verdict in proto3 JSON without its envelopes, which the bundle holds. */
export function slimVerdict(verdict: Verdict): Verdict {
  const slim = (evidence: Verdict['statement']) => evidence && { ...evidence, envelope: Buffer.alloc(0) };
  return { ...verdict, statement: slim(verdict.statement), vsa: slim(verdict.vsa), withdrawal: verdict.withdrawal && slimWithdrawal(verdict.withdrawal) };
}
