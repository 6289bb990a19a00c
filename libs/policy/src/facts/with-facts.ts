import type { FactName } from './fact-list.js';
import type { Facts } from './fact.js';

/** A copy of the facts in which some differ; the evidence is kept. */
export function withFacts(facts: Facts, values: Readonly<Partial<Record<FactName, boolean | number | string>>>): Facts {
  const changed = Object.entries(values).map(([name, value]) => [name, { value, evidence: facts[name as FactName].evidence }]);
  return { ...facts, ...Object.fromEntries(changed) } as Facts;
}
