import { CEDAR_NAMESPACE } from './cedar-schema.js';
import { FACT_NAMES, FACTS, isEnumFact, type FactName } from './fact-list.js';
import type { Facts } from './fact.js';
import type { PolicyLimits } from './policy-limits.js';

type CedarScalar = boolean | number | { readonly __entity: { readonly type: string; readonly id: string } };

/** What Cedar sees of one release. */
export interface EvaluationContext {
  readonly facts: Readonly<Record<string, { readonly known: boolean; readonly value: CedarScalar }>>;
  readonly limits: PolicyLimits;
  /** Rule ids of the waivers that count. */
  readonly waivers: readonly string[];
}

/** An unknown fact has `known: false` and its type's neutral value; a rule that looks only at the value is refused at publishing. */
function cedarFact(name: FactName, value: boolean | number | string): { known: boolean; value: CedarScalar } {
  const type = FACTS[name].type;
  const known = value !== 'unknown';
  if (isEnumFact(name)) return { known, value: { __entity: { type: `${CEDAR_NAMESPACE}::${type}`, id: String(value) } } };
  if (type === 'boolean') return { known, value: known && value === true };
  return { known, value: known ? Number(value) : 0 };
}

export function evaluationContext(facts: Facts, limits: PolicyLimits, waivers: readonly string[]): EvaluationContext {
  return {
    facts: Object.fromEntries(FACT_NAMES.map((name) => [name, cedarFact(name, facts[name].value)])),
    limits,
    waivers: [...waivers].sort(),
  };
}
