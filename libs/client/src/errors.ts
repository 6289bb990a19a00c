export { status } from './status.js';
export { isStellaError, StellaError, type FieldViolation } from './stella-error.js';
