export { encodeBundle, parseBundle, type Attachment, type Bundle } from './bundle/bundle.js';
export { summaryOf, summaryStatement, WAIVED_LEVEL } from './bundle/summary.js';
export { evaluate, type Evaluation, type Question, type Refutation } from './evaluate.js';
export { checkEvidence, type EvidenceCheck, type Trust } from './evidence/check-evidence.js';
export { readCrossVerification, type CrossVerification } from './evidence/cross-verification.js';
export type { EvidenceItem, LogProof } from './evidence/evidence-item.js';
export { ATTACHMENTS, claimsOf, issueVerdict, type Issue, type IssuedVerdict } from './issue-verdict.js';
export { FUTURE_SKEW_MS, LIMITS as VERDICT_LIMITS } from './limits.js';
export { policyStatement, verifyPolicy, type VerifiedPolicy } from './policy-statement.js';
export { questionId, questionOf, type QuestionIdentity } from './verdict/question-id.js';
export { readVerdict } from './verdict/read-verdict.js';
export { requestId, type RequestIdentity } from './verdict/request-id.js';
export { verdictId, verdictStatement } from './verdict/verdict-statement.js';
export {
  SOURCES,
  type BaselineBasis, type BaselineWord, type EvidenceRef, type RefusedEvidence, type ReleaseArtifact, type StatedChange, type StatedClaim, type StatedWaivers, type Source, type Verdict,
} from './verdict/verdict.js';
export { WITHDRAWAL_KINDS, WITHDRAWAL_REASONS, readWithdrawal, withdrawalStatement, type Withdrawal, type WithdrawalKind, type WithdrawalReason } from './withdrawal.js';
export { EXIT_CODES, REFUSALS, type Answer, type Refusal } from './verify/answer.js';
export { verifyBundle } from './verify/verify-bundle.js';
export type { VerifyOptions } from './verify/verify-options.js';
export { verifyBundleCommand, type CommandResult, type VerifyCommandInput } from './verify/verify-command.js';
