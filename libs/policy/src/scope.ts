/** What is said of a delta beside its proof, without the policy engine. */
export { buildDeltaScope } from './delta/build-delta-scope.js';
export { DELTA_SCOPE_PREDICATE_TYPE, type DeltaScope } from './delta/delta-scope.js';
