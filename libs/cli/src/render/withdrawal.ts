import { type Withdrawal, WithdrawalKind, WithdrawalReason } from '@stella/contracts/stella/gate/v1alpha/gate';
import { facts } from './table.js';

const KINDS: Readonly<Record<number, string>> = {
  [WithdrawalKind.WITHDRAWAL_KIND_CANDIDATE]: 'candidate',
  [WithdrawalKind.WITHDRAWAL_KIND_KEY]: 'key',
  [WithdrawalKind.WITHDRAWAL_KIND_POLICY]: 'policy',
};

const PREFIX = 'WITHDRAWAL_REASON_';

/** Words for why, as the signed statement has them. */
export const REASON_WORDS: readonly string[] = Object.keys(WithdrawalReason)
  .filter((name) => name.startsWith(PREFIX))
  .map((name) => name.slice(PREFIX.length).toLowerCase());

/** @param word one of `REASON_WORDS` */
export function reasonOf(word: string): WithdrawalReason {
  return WithdrawalReason[`${PREFIX}${word.toUpperCase()}` as keyof typeof WithdrawalReason];
}

export function wordOf(reason: WithdrawalReason): string {
  return REASON_WORDS.find((word) => reasonOf(word) === reason) ?? 'unspecified';
}

export function kindOf({ kind }: Withdrawal): string {
  return KINDS[kind] ?? 'unknown';
}

export function renderWithdrawal(withdrawal: Withdrawal): string {
  const { sha256, inForce, reason, by, time, verdict, note } = withdrawal;
  return facts([
    [inForce ? 'withdrawn' : 'reinstated', `${kindOf(withdrawal)}  ${sha256}`],
    ['reason', wordOf(reason)],
    ['by', by],
    ['at', time?.toISOString() ?? ''],
    ['verdict', verdict],
    ['note', note],
  ]);
}

/** For scripts: without its envelope. */
export function slimWithdrawal(withdrawal: Withdrawal): Withdrawal {
  return { ...withdrawal, statement: withdrawal.statement && { ...withdrawal.statement, envelope: Buffer.alloc(0) } };
}
