export { DomainError, isDomainError, type ErrorFacts } from './domain-error.js';
export type { ErrorKind, ReasonEntry } from './reason-entry.js';
export { LIFTER_REASONS, REASONS, type Reason } from './reasons.js';
