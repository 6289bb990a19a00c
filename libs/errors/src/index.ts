export { DomainError, isDomainError, type ErrorFacts } from './domain-error.js';
export { GRPC_CODE_OF_KIND } from './grpc-code.js';
export type { ErrorKind, ReasonEntry } from './reason-entry.js';
export { LIFTER_REASONS, REASONS, type Reason } from './reasons.js';
