import { CEDAR_SCHEMA_SHA256 } from '../facts/cedar-schema.js';
import type { PolicyLimits } from '../facts/policy-limits.js';
import type { PolicyDocument } from '../decision/policy-document.js';
import { CHANGE_RULES, REBUILD_RULES } from '../rules/changes.js';
import { CLAIM_RULES } from '../rules/claims.js';
import { INTEGRITY_RULES } from '../rules/integrity.js';
import { BASE_PERMIT, type Rule } from '../rules/rule-text.js';
import { LOG_RULES, PARTNER_RULES } from '../rules/trust.js';
import { FIX_RULES, WITNESS_RULES } from '../rules/witnesses.js';

export const PRESET_NAMES = ['rebuild', 'fast-patch', 'standard', 'strict'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

interface Preset {
  readonly rules: readonly Rule[];
  readonly limits: PolicyLimits;
}

const STANDARD_LIMITS: PolicyLimits = {
  changed_share_own_ppm_max: 500_000,
  claim_breadth_ppm_max: 300_000,
  claim_breadth_union_ppm_max: 600_000,
  cross_verifications_min: 1,
  data_only_units_max: 10_000,
  // Twenty of twenty bound the success rate at 0.8609 from below (Clopper–Pearson, one-sided 95 %).
  replays_min: 20,
  residual_bytes_ppm_max: 50_000,
  residual_units_max: 0,
  success_lower_bound_ppm_min: 860_000,
  witnesses_claimed_min: 1,
};

const COMMON = [BASE_PERMIT, ...INTEGRITY_RULES, ...CLAIM_RULES, ...WITNESS_RULES, ...LOG_RULES];

const PRESETS: Readonly<Record<PresetName, Preset>> = {
  // The same sources built again: nothing may have changed.
  rebuild: { rules: [...COMMON, ...REBUILD_RULES, ...CHANGE_RULES.filter(({ id }) => id !== 'toolchain-kept')], limits: { ...STANDARD_LIMITS, changed_share_own_ppm_max: 0, data_only_units_max: 0 } },
  // A small release that mends an incident: shown by its witness, and narrow.
  'fast-patch': {
    rules: [...COMMON, ...CHANGE_RULES, ...FIX_RULES],
    limits: { ...STANDARD_LIMITS, changed_share_own_ppm_max: 100_000, claim_breadth_ppm_max: 250_000, claim_breadth_union_ppm_max: 400_000, data_only_units_max: 100 },
  },
  // Any release whose claims hold.
  standard: { rules: [...COMMON, ...CHANGE_RULES], limits: STANDARD_LIMITS },
  // As fast-patch, with partners who looked, and 59 replays (bound 0.9505).
  strict: {
    rules: [...COMMON, ...CHANGE_RULES, ...FIX_RULES, ...PARTNER_RULES],
    limits: { ...STANDARD_LIMITS, changed_share_own_ppm_max: 50_000, claim_breadth_ppm_max: 100_000, claim_breadth_union_ppm_max: 200_000, cross_verifications_min: 2, data_only_units_max: 0, replays_min: 59, residual_bytes_ppm_max: 20_000, success_lower_bound_ppm_min: 950_000 },
  },
};

export function isPresetName(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}

/** A preset as the document that a tenant signs and publishes. */
export function presetDocument(name: PresetName, issue: { readonly version: number; readonly issuedAt: Date; readonly expiresAt: Date }): PolicyDocument {
  const { rules, limits } = PRESETS[name];
  return {
    format: 'stella-policy/1',
    id: name,
    version: issue.version,
    level: `STELLA_${name.toUpperCase().replace('-', '_')}`,
    issuedAt: issue.issuedAt.toISOString(),
    expiresAt: issue.expiresAt.toISOString(),
    schemaSha256: CEDAR_SCHEMA_SHA256,
    waiversMax: name === 'rebuild' || name === 'strict' ? 0 : 2,
    limits,
    rules: [...rules].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
