/** All that a check of a delta proof needs, without what makes one. */
export type { IndexRef } from './index-root.js';
export { checkDeltaProof, type ProofAnswer, type ProofCheckInput, type ProofRefusal } from './proof/check-proof.js';
export { detailOf, type EnvelopeFault, EnvelopeRefused, openProof, type OpenedProof } from './proof/open-proof.js';
export type { ProofFault } from './proof/parse-proof.js';
export { type ProofVerification, type VerifiedUnit, verifyDeltaProof } from './proof/verify-proof.js';
