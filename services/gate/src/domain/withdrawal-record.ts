import type { Withdrawal, WithdrawalKind, WithdrawalReason } from '@stella/verdict';

/** What somebody said about a thing of the tenant's, as the gate keeps it. */
export interface WithdrawalRecord {
  readonly withdrawal: Withdrawal;
  /** Stays with the tenant. */
  readonly note: string;
  readonly envelope: Uint8Array;
  readonly envelopeSha256: string;
  readonly payloadSha256: string;
}

/** What is to be said. */
export interface Saying {
  readonly tenant: string;
  readonly kind: WithdrawalKind;
  readonly id: string;
  readonly standing: Withdrawal['standing'];
  readonly reason: WithdrawalReason;
  readonly note: string;
  /** Who says it. */
  readonly by: string;
  /** Id of the verdict that is taken back with it; empty: none. */
  readonly verdict: string;
}

/** The statement that says it, after what was said before. */
export function withdrawalAfter(last: WithdrawalRecord | undefined, { tenant, kind, id, standing, reason, by, verdict }: Saying, verifierId: string, at: Date): Withdrawal {
  return {
    format: 'stella-withdrawal/1',
    tenant,
    verifierId,
    kind,
    id,
    standing,
    sequence: (last?.withdrawal.sequence ?? 0) + 1,
    reason,
    by,
    at: at.toISOString(),
    verdict,
    lifts: standing === 'reinstated' ? (last?.payloadSha256 ?? '') : '',
  };
}
