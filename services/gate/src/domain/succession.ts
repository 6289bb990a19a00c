import type { Outcome } from '@stella/policy';

/** A verdict that is about to be kept. */
export interface Next {
  readonly outcome: Outcome;
  /** Everybody who was asked answered. */
  readonly isWhole: boolean;
}

/** What verifiers accept so far, and a new verdict may change. */
export interface Accepted {
  /** Outcomes of verdicts to the same question. */
  readonly toSameQuestion: ReadonlySet<Outcome>;
  /** Some ALLOW or REVIEW about the candidate, to whichever question, was given without what now speaks against the candidate. */
  readonly isRefuted: boolean;
}

/** Verdicts that verifiers refuse from now on: those to the same question, or all about the candidate. */
export type TakenBack = 'nothing' | 'question' | 'candidate';

const RANK: Readonly<Record<Outcome, number>> = { DENY: 0, REVIEW: 1, ALLOW: 2 };

/**
 * What a verdict takes back. Two directions have to be safe:
 *
 * - Nobody's ALLOW may end because somebody else asked otherwise. Claims, baseline, policy, and who vouches for the baseline
 *   are the asker's choice; so a worse answer counts against those to the same question and no others, and only if
 *   everybody who was asked answered: silence speaks against nobody.
 * - Nobody's ALLOW may survive what speaks against the candidate itself. That a witness fails on it, or that a partner lifts
 *   another delta, is true whoever asks and whatever he claims; so it counts against every answer that was given without it.
 *   Evidence that is known counts once: what is asked again and denied again takes nothing more back.
 *
 * An ALLOW takes nothing back: what an earlier ALLOW says is still so, and a REVIEW or DENY lets nobody through.
 */
export function takenBack({ outcome, isWhole }: Next, { toSameQuestion, isRefuted }: Accepted): TakenBack {
  if (outcome === 'ALLOW') return 'nothing';
  if (isRefuted) return 'candidate';
  const isWorse = [...toSameQuestion].some((earlier) => RANK[earlier] > RANK[outcome]);
  return isWhole && isWorse ? 'question' : 'nothing';
}
