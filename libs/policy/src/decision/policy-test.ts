import type { FactName } from '../facts/fact-list.js';
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

/** A copy of the facts in which some differ; the evidence is kept. */
export function withFacts(facts: Facts, values: Readonly<Partial<Record<FactName, boolean | number | string>>>): Facts {
  const changed = Object.entries(values).map(([name, value]) => [name, { value, evidence: facts[name as FactName].evidence }]);
  return { ...facts, ...Object.fromEntries(changed) } as Facts;
}
