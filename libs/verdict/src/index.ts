export { encodeBundle, parseBundle, type Attachment, type Bundle } from './bundle/bundle.js';
export { summaryOf, summaryStatement, WAIVED_LEVEL } from './bundle/summary.js';
export { evaluate, type Evaluation, type Question } from './evaluate.js';
export { checkEvidence, type EvidenceCheck, type Trust } from './evidence/check-evidence.js';
export { readCrossVerification, type CrossVerification } from './evidence/cross-verification.js';
export type { EvidenceItem, LogProof } from './evidence/evidence-item.js';
export { ATTACHMENTS, claimsOf, issueVerdict, type Issue, type IssuedVerdict } from './issue-verdict.js';
export { FUTURE_SKEW_MS, LIMITS as VERDICT_LIMITS } from './limits.js';
export { policyStatement, verifyPolicy, type VerifiedPolicy } from './policy-statement.js';
export { requestId, type RequestIdentity } from './request-id.js';
export {
  readVerdict, SOURCES, verdictId, verdictStatement,
  type BaselineBasis, type EvidenceRef, type RefusedEvidence, type ReleaseArtifact, type StatedChange, type StatedClaim, type StatedWaivers, type Source, type Verdict,
} from './verdict-statement.js';
export { EXIT_CODES, REFUSALS, type Answer, type Refusal } from './verify/answer.js';
export { verifyBundle } from './verify/verify-bundle.js';
export type { VerifyOptions } from './verify/verify-options.js';
export { verifyBundleCommand, type CommandResult, type VerifyCommandInput } from './verify/verify-command.js';
