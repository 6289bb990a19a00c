import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { FACT_ENUMS, FACT_NAMES, FACTS, isFactName, type FactEnum, type FactName } from './fact-list.js';

/** The value of a fact by its type. */
export type FactValue<N extends FactName> = (typeof FACTS)[N]['type'] extends infer T
  ? T extends 'count' | 'ppm'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends FactEnum
        ? (typeof FACT_ENUMS)[T][number]
        : never
  : never;

/** What was found out, with the SHA-256 digests of the evidence that it was found from; `unknown` when it could not be. */
export interface Fact<N extends FactName = FactName> {
  readonly value: FactValue<N> | 'unknown';
  readonly evidence: readonly string[];
}

/** Every fact of the closed set. */
export type Facts = { readonly [N in FactName]: Fact<N> };

const DIGEST = /^[0-9a-f]{64}$/;
const PPM_MAX = 1_000_000;

function refuse(name: string, problem: string): never {
  throw new DomainError('FACT_INVALID', { fact: name.slice(0, 64), problem });
}

/** Checks that the set is whole and closed, and every value inside its type. Errors: FACT_INVALID. */
export function checkFacts(facts: Readonly<Record<string, unknown>>): Facts {
  for (const name of Object.keys(facts)) if (!isFactName(name)) refuse(name, 'UNDECLARED');
  for (const name of FACT_NAMES) checkFact(name, facts[name]);
  return facts as Facts;
}

function checkFact(name: FactName, fact: unknown): void {
  if (typeof fact !== 'object' || fact === null) refuse(name, 'MISSING');
  const { value, evidence, ...rest } = fact as Record<string, unknown>;
  if (Object.keys(rest).length > 0) refuse(name, 'MEMBERS');
  if (!Array.isArray(evidence) || evidence.length > LIMITS.evidencePerFactMax) refuse(name, 'EVIDENCE');
  if (!evidence.every((digest, index) => typeof digest === 'string' && DIGEST.test(digest) && (index === 0 || evidence[index - 1] < digest))) {
    refuse(name, 'EVIDENCE');
  }
  const type = FACTS[name].type;
  if (value === 'unknown') return;
  if (type === 'boolean') {
    if (typeof value !== 'boolean') refuse(name, 'VALUE');
  } else if (type === 'count' || type === 'ppm') {
    const max = type === 'ppm' ? PPM_MAX : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || (value as number) < 0 || Object.is(value, -0) || (value as number) > max) refuse(name, 'VALUE');
  } else if (!(FACT_ENUMS[type] as readonly unknown[]).includes(value)) {
    refuse(name, 'VALUE');
  }
}
