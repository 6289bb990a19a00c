import { FACTS, type FactName } from '../facts/fact-list.js';
import type { Facts } from '../facts/fact.js';
import { SOUND_RELEASE } from '../facts/sound-release.js';
import { LIMITS } from '../limits.js';
import type { LoadedRule, PolicySet } from './policy-set.js';
import { withFacts } from '../facts/with-facts.js';

/**
 * Which of the rules are unmet only because facts are not known, with those facts: were they as in a sound release, the
 * rule would be met. A rule that what is known breaks keeps its own sentence.
 * @param unmetUnder ids of the rules that other facts would leave unmet
 */
export function unmetForWantOf(set: PolicySet, ids: readonly string[], facts: Facts, unmetUnder: (supposed: Facts) => readonly string[]): ReadonlyMap<string, readonly FactName[]> {
  const unknownOf = (id: string): readonly FactName[] => set.rules.get(id)?.use.facts.filter((name) => facts[name].value === 'unknown') ?? [];
  const unknown = new Map(ids.map((id) => [id, unknownOf(id)] as const).filter(([, names]) => names.length > 0));
  if (unknown.size === 0) return unknown;
  const supposed = Object.fromEntries([...new Set([...unknown.values()].flat())].map((name) => [name, SOUND_RELEASE[name].value]));
  const broken = new Set(unmetUnder(withFacts(facts, supposed)));
  return new Map([...unknown].filter(([id]) => !broken.has(id)));
}

const REMEDY = 'see to what is not known first: have the part that was silent answer, or offer artifacts that can be compared; then evaluate again';

/** The rule's own words for it; else what is not known. */
export function saidOfUnknown({ unknown, remedy }: LoadedRule, names: readonly FactName[]): { readonly reason: string; readonly remedy: string } {
  if (unknown !== undefined) return { reason: unknown, remedy };
  return { reason: `not known: ${names.map((name) => FACTS[name].says).join('; ')}`.slice(0, LIMITS.annotationBytesMax), remedy: REMEDY };
}
