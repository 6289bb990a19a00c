export { gateService, type GateOptions } from './gate.module.js';
