import { isDomainError } from '@stella/errors';
import type { UnmetRule } from '@stella/policy';
import type { Verdict } from '../verdict/verdict.js';

/** The first thing that is wrong, in the order in which they are looked for. */
export const REFUSALS = [
  'malformed',
  'signature',
  'signer',
  'subject',
  'type',
  'revoked',
  'outcome',
  'policy',
  'age',
  'evidence',
  'waiver',
  'recomputation',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Exit codes of `stella verify`. */
export const EXIT_CODES = { yes: 0, no: 1, usage: 2, review: 3, 'could-not-check': 4 } as const;

/** What a bundle says about the artifact that was asked for. Only `yes` is a yes. */
export type Answer =
  | { readonly answer: 'yes'; readonly verdictId: string; readonly verdict: Verdict }
  | { readonly answer: 'review'; readonly verdictId: string; readonly verdict: Verdict; readonly unmetRules: readonly UnmetRule[] }
  | { readonly answer: 'no'; readonly refusal: Refusal; readonly detail: string; readonly facts: Readonly<Record<string, string>> }
  | { readonly answer: 'could-not-check'; readonly detail: string; readonly facts: Readonly<Record<string, string>> }
  | { readonly answer: 'usage'; readonly detail: string; readonly facts: Readonly<Record<string, string>> };

/** Ends a verification with its answer. */
export class Ended extends Error {
  constructor(readonly answer: Answer) {
    super(answer.answer);
  }
}

export function refuse(refusal: Refusal, detail: string, facts: Readonly<Record<string, string>> = {}): never {
  throw new Ended({ answer: 'no', refusal, detail, facts });
}

export function couldNotCheck(detail: string, facts: Readonly<Record<string, string>> = {}): never {
  throw new Ended({ answer: 'could-not-check', detail, facts });
}

export function wrongUsage(detail: string, facts: Readonly<Record<string, string>> = {}): never {
  throw new Ended({ answer: 'usage', detail, facts });
}

/** A typed error becomes a refusal; any other is a defect of ours and not an answer. */
export function attempt<T>(refusal: Refusal, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (isDomainError(error)) return refuse(refusal, error.reason, error.facts);
    throw error;
  }
}
