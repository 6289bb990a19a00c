export { GATE_RETENTION_FIELDS } from './retention-fields.js';
export { gateService, type GateOptions } from './gate.module.js';
