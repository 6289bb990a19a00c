import type { Facts } from '../facts/fact.js';
import type { Outcome } from './decide.js';

/** An example that a policy's author publishes with it. */
export interface PolicyTest {
  readonly name: string;
  readonly facts: Facts;
  readonly waivers: readonly string[];
  readonly outcome: Outcome;
  /** Ids of all rules that are not met, sorted. */
  readonly unmet: readonly string[];
}
