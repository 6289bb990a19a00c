import type { PassPredicate } from '@stella/witness';

/** A failure that was observed, and what its owner counts as fixed. */
export interface Incident {
  readonly tenant: string;
  readonly id: string;
  readonly title: string;
  readonly passPredicate: PassPredicate;
  readonly createTime: Date;
}

export function saysTheSame(a: Incident, b: Incident): boolean {
  const { passPredicate: p } = a;
  const { passPredicate: q } = b;
  return a.title === b.title && p.exitCode === q.exitCode && p.stdoutSha256 === q.stdoutSha256;
}
