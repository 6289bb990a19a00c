import { rule } from './rule-text.js';

/** Whether what changed is what the release says has changed. */
export const CHANGE_RULES = [
  rule({
    id: 'delta-proved',
    bars: 'release',
    waivable: false,
    reason: 'somebody else lifted the artifacts, and only his signature says that nothing is missing',
    remedy: 'have the delta lifted by this tenant, or verify it with --deep',
    needs: 'context.facts.delta_provenance.known && context.facts.delta_provenance.value == Stella::Provenance::"proved"',
  }),
  rule({
    id: 'functions-explained',
    bars: 'release',
    waivable: true,
    reason: 'functions changed that no claim covers',
    remedy: 'claim them, added ones by their exact names, or leave the changes out',
    needs: 'context.facts.unexplained_functions.known && context.facts.unexplained_functions.value == 0',
  }),
  rule({
    id: 'data-explained',
    bars: 'release',
    waivable: true,
    reason: 'data changed that no claimed function accounts for',
    remedy: 'claim the functions that use it, or leave the changes out',
    needs: 'context.facts.unexplained_data.known && context.facts.unexplained_data.value == 0',
  }),
  rule({
    id: 'linking-explained',
    bars: 'release',
    waivable: true,
    reason: 'headers or linking tables changed that no claim covers',
    remedy: 'claim them by their exact ids, or build with the same linker options and libraries',
    needs: 'context.facts.unexplained_other.known && context.facts.unexplained_other.value == 0',
  }),
  rule({
    id: 'residual-unchanged',
    bars: 'release',
    waivable: true,
    reason: 'more changed that could not be resolved than the policy allows',
    remedy: 'have a person look at the units that the verdict lists as residual',
    needs: 'context.facts.residual_units.known && context.facts.residual_units.value <= context.limits.residual_units_max',
  }),
  rule({
    id: 'residual-small',
    bars: 'release',
    waivable: true,
    reason: 'too much of an artifact could not be resolved',
    remedy: 'build with unwind tables and without obfuscation',
    needs: 'context.facts.residual_bytes_ppm.known && context.facts.residual_bytes_ppm.value <= context.limits.residual_bytes_ppm_max',
  }),
  rule({
    id: 'change-small',
    bars: 'release',
    waivable: true,
    reason: 'more of the program changed than a release of this kind may change',
    remedy: 'release less at once, or under another policy',
    needs: 'context.facts.changed_share_own_ppm.known && context.facts.changed_share_own_ppm.value <= context.limits.changed_share_own_ppm_max',
  }),
  rule({
    id: 'toolchain-kept',
    bars: 'release',
    waivable: true,
    reason: 'the compiler is another generation, or its patch release is not claimed',
    remedy: 'claim the patch release of the toolchain; have a person review a new generation',
    unknown: 'it is not known which compilers built the two',
    needs: `context.facts.toolchain.known &&
      (context.facts.toolchain.value == Stella::ToolchainChange::"same" ||
       context.facts.toolchain.value == Stella::ToolchainChange::"patch_claimed")`,
  }),
];

/** What the preset for pure rebuilds asks instead of explanations. */
export const REBUILD_RULES = [
  rule({
    id: 'nothing-changed',
    bars: 'release',
    waivable: false,
    reason: 'the candidate is no mere rebuild: meaning changed',
    remedy: 'release it under a policy for changes',
    needs: `context.facts.changed_functions.known && context.facts.changed_functions.value == 0 &&
      context.facts.changed_data.known && context.facts.changed_data.value == 0 &&
      context.facts.changed_other.known && context.facts.changed_other.value == 0`,
  }),
  rule({
    id: 'toolchain-same',
    bars: 'release',
    waivable: false,
    reason: 'the candidate was built by another toolchain',
    remedy: 'rebuild with the baseline’s toolchain',
    unknown: 'it is not known which compilers built the two',
    needs: 'context.facts.toolchain.known && context.facts.toolchain.value == Stella::ToolchainChange::"same"',
  }),
];
