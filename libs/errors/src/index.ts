export { DomainError, isDomainError, type ErrorKind, type ErrorFacts } from './domain-error.js';
export { REASONS, type Reason, type ReasonEntry } from './reasons.js';
