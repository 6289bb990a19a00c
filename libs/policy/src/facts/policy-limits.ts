import { DomainError } from '@stella/errors';

/** Numbers that a policy document sets, so that its rules need none of their own; each with its smallest and largest value. */
export const POLICY_LIMITS = {
  changed_share_own_ppm_max: [0, 1_000_000],
  claim_breadth_ppm_max: [1, 1_000_000],
  claim_breadth_union_ppm_max: [1, 1_000_000],
  cross_verifications_min: [1, 100],
  data_only_units_max: [0, 1_000_000],
  replays_min: [1, 1_000],
  residual_bytes_ppm_max: [0, 1_000_000],
  residual_units_max: [0, 1_000_000],
  success_lower_bound_ppm_min: [1, 1_000_000],
  witnesses_claimed_min: [1, 1_000],
} as const satisfies Record<string, readonly [number, number]>;

export type LimitName = keyof typeof POLICY_LIMITS;
export type PolicyLimits = Readonly<Record<LimitName, number>>;
export const LIMIT_NAMES = Object.keys(POLICY_LIMITS).sort() as readonly LimitName[];

/** Errors: POLICY_INVALID when one is missing, undeclared or outside its bounds; no minimum may be below 1 (a threshold of nothing). */
export function checkPolicyLimits(limits: Readonly<Record<string, unknown>>): PolicyLimits {
  for (const name of Object.keys(limits)) {
    if (!Object.hasOwn(POLICY_LIMITS, name)) throw new DomainError('POLICY_INVALID', { limit: name.slice(0, 64), problem: 'UNDECLARED' });
  }
  for (const name of LIMIT_NAMES) {
    const value = limits[name];
    const [min, max] = POLICY_LIMITS[name];
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max || Object.is(value, -0)) {
      throw new DomainError('POLICY_INVALID', { limit: name, problem: 'LIMIT_OUT_OF_BOUNDS', min: String(min), max: String(max) });
    }
  }
  return limits as PolicyLimits;
}
