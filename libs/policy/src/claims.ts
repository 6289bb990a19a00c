/** Claims without the policy engine, which is megabytes to load. */
export { claimSentence, type Claim } from './claim/claim.js';
export { parseClaim } from './claim/parse-claim.js';
