/** Which outcome a requirement bars when it is not met: only ALLOW, or REVIEW too. */
export type Bars = 'release' | 'both';

interface RuleParts {
  readonly id: string;
  readonly bars: Bars;
  readonly waivable: boolean;
  readonly reason: string;
  readonly remedy: string;
  /** What is said instead of the reason where a fact is not known; default: which fact, and to see to that first. */
  readonly unknown?: string;
  /** Cedar condition that must hold; `facts`, `limits` are members of `context`. */
  readonly needs: string;
}

/** One requirement as the Cedar policy that forbids unless it is met. */
export interface Rule {
  readonly id: string;
  readonly cedar: string;
}

export function rule({ id, bars, waivable, reason, remedy, unknown, needs }: RuleParts): Rule {
  const action = bars === 'release' ? 'action == Stella::Action::"release"' : 'action';
  const waiver = waivable ? `\nunless { context.waivers.contains(${JSON.stringify(id)}) }` : '';
  const ifUnknown = unknown === undefined ? '' : `@unknown(${JSON.stringify(unknown)})\n`;
  const cedar = `@reason(${JSON.stringify(reason)})\n@remedy(${JSON.stringify(remedy)})\n${ifUnknown}forbid (principal, ${action}, resource)\nunless {\n  ${needs.trim().replace(/\n\s*/g, '\n  ')}\n}${waiver};\n`;
  return { id, cedar };
}

/** The one permit of every policy; what it permits is what no requirement forbids. */
export const BASE_PERMIT: Rule = {
  id: 'base',
  cedar: '@reason("a release is permitted when no requirement forbids it")\n@remedy("none")\npermit (principal, action, resource);\n',
};
