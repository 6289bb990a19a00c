/** Words that an enumerated fact may hold; `unknown` is the fact's own word for it and satisfies no rule. */
export const FACT_ENUMS = {
  Provenance: ['proved', 'attested', 'unknown'],
  ToolchainChange: ['same', 'patch_claimed', 'patch_unclaimed', 'generation', 'unknown'],
  BaselineBasis: ['runs', 'verdict', 'seed', 'unknown'],
} as const;

export type FactEnum = keyof typeof FACT_ENUMS;
export type FactType = 'count' | 'ppm' | 'boolean' | FactEnum;

interface FactEntry {
  readonly type: FactType;
  /** What it counts or says, in one sentence. */
  readonly says: string;
}

/**
 * The closed set of facts that a policy may ask about. Counts are whole numbers from 0, shares are parts per million.
 * A new fact is a new version of the schema, and so of every policy that is published against it.
 */
export const FACTS = {
  coverage_known: { type: 'boolean', says: 'both artifacts were lifted, with functions found and every loaded byte accounted for' },
  delta_provenance: { type: 'Provenance', says: 'whether the delta was lifted by this tenant, or is vouched for by another' },
  evidence_refused: { type: 'count', says: 'pieces of evidence that were offered and failed a check' },
  baseline_basis: { type: 'BaselineBasis', says: 'how the baseline is known' },
  candidate_withdrawn: { type: 'boolean', says: 'whether the candidate was withdrawn and has not been reinstated' },
  log_included: { type: 'boolean', says: 'every piece of evidence is in the log, under a checkpoint that was verified' },

  changed_functions: { type: 'count', says: 'functions that changed, were added or removed' },
  changed_share_ppm: { type: 'ppm', says: 'share of the functions that changed' },
  changed_share_own_ppm: { type: 'ppm', says: 'share of the functions that changed and that no toolchain claim covers' },
  changed_data: { type: 'count', says: 'data units that changed, were added or removed' },
  changed_other: { type: 'count', says: 'headers and linking tables that changed' },
  unexplained_functions: { type: 'count', says: 'changed functions that no claim covers' },
  unexplained_data: { type: 'count', says: 'changed data units that no claim covers' },
  unexplained_other: { type: 'count', says: 'changed headers and linking tables that no claim covers' },
  residual_units: { type: 'count', says: 'changed units that could not be resolved' },
  residual_bytes_ppm: { type: 'ppm', says: 'share of the loaded bytes that could not be resolved, of the worse artifact' },
  toolchain: { type: 'ToolchainChange', says: 'how the toolchains of both build infos stand to each other and to the claims' },

  claims_total: { type: 'count', says: 'claims that the release makes' },
  claims_refuted: { type: 'count', says: 'claims that the evidence contradicts' },
  claims_unproved: { type: 'count', says: 'claims that the evidence neither proves nor contradicts' },
  claim_breadth_max_ppm: { type: 'ppm', says: 'share of the functions that the broadest claim of changes speaks of' },
  claim_breadth_union_ppm: { type: 'ppm', says: 'share of the functions that all claims of changes together speak of' },
  data_only_units: { type: 'count', says: 'changed data units that only the claim `data only` covers' },

  witnesses_total: { type: 'count', says: 'witnesses that were considered' },
  witnesses_claimed: { type: 'count', says: 'witnesses of incidents that the release claims to fix' },
  witnesses_baseline_reproduced: { type: 'count', says: 'claimed witnesses that fail on the baseline as recorded' },
  witnesses_candidate_fixed: { type: 'count', says: 'witnesses that meet their owner’s pass predicate on the candidate' },
  witnesses_candidate_reproduced: { type: 'count', says: 'witnesses that fail on the candidate as recorded' },
  witnesses_candidate_not_reproduced: { type: 'count', says: 'witnesses that merely do not fail on the candidate' },
  witnesses_candidate_otherwise: { type: 'count', says: 'witnesses that fail otherwise or not always on the candidate' },
  witnesses_not_completed: { type: 'count', says: 'witnesses whose replays are missing or could not be made' },
  witnesses_left_out: { type: 'count', says: 'witnesses of the releases before that were not replayed' },
  replays_min: { type: 'count', says: 'distinct replays behind the weakest result' },
  success_lower_bound_ppm: { type: 'ppm', says: 'lower 95 % bound of the success rate of the weakest result' },
  variance_max: { type: 'count', says: 'distinct canonical outcomes beyond the first, of the worst result' },

  cross_verifications_independent: { type: 'count', says: 'countersignatures by different organisations and different keys that are not the own one' },
} as const satisfies Record<string, FactEntry>;

export type FactName = keyof typeof FACTS;
export const FACT_NAMES = Object.keys(FACTS).sort() as readonly FactName[];

export function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACTS, name);
}

export function isEnumFact(name: FactName): boolean {
  return Object.hasOwn(FACT_ENUMS, FACTS[name].type);
}
