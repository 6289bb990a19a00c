import { isFactName, type FactName } from '../facts/fact-list.js';

/** Members of Cedar's JSON form of an expression, as far as facts and arithmetic are looked for. */
export type CedarExpression = unknown;

const ARITHMETIC = new Set(['+', '-', '*', 'neg']);

interface Findings {
  readonly facts: Set<FactName>;
  readonly waivers: Set<string>;
  arithmetic: boolean;
  /** `waivers` is used other than as `contains` with a literal. */
  waiversOtherwise: boolean;
}

export interface RuleUse {
  readonly facts: readonly FactName[];
  readonly waivers: readonly string[];
  readonly arithmetic: boolean;
  readonly waiversOtherwise: boolean;
}

/** What a rule's conditions speak of, from Cedar's own JSON form of the policy. */
export function ruleUse(conditions: readonly CedarExpression[]): RuleUse {
  const findings: Findings = { facts: new Set(), waivers: new Set(), arithmetic: false, waiversOtherwise: false };
  walk(conditions, findings);
  return {
    facts: [...findings.facts].sort(),
    waivers: [...findings.waivers].sort(),
    arithmetic: findings.arithmetic,
    waiversOtherwise: findings.waiversOtherwise,
  };
}

function walk(node: CedarExpression, findings: Findings): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, findings);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [operator, operand] of Object.entries(node)) {
    if (ARITHMETIC.has(operator)) findings.arithmetic = true;
    if (operator === 'contains' && isWaivers(operand.left)) {
      const rule: unknown = operand.right?.Value;
      if (typeof rule === 'string') findings.waivers.add(rule);
      else findings.waiversOtherwise = true;
      continue;
    }
    if (isWaivers({ [operator]: operand })) findings.waiversOtherwise = true;
    if (operator === '.' && typeof operand?.attr === 'string' && isFactName(operand.attr) && isMember(operand.left, 'facts')) {
      findings.facts.add(operand.attr);
    }
    walk(operand, findings);
  }
}

function isMember(node: CedarExpression, name: string): boolean {
  const access = (node as { readonly '.'?: { readonly left?: { readonly Var?: string }; readonly attr?: string } } | null)?.['.'];
  return access?.attr === name && access.left?.Var === 'context';
}

function isWaivers(node: CedarExpression): boolean {
  return isMember(node, 'waivers');
}
