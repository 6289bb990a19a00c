export { status } from './status.js';
export { isStellaError, StellaError, type FieldViolation } from './stella-error.js';
export { SERVICE_NAMES, type ServiceName } from './service-names.js';
