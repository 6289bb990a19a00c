export { describeConformance, VECTORS } from './conformance.js';
export { declareMissing, testAsRoot } from './missing.js';
export { asyncReasonOf, reasonOf, refusal } from './refusals.js';
