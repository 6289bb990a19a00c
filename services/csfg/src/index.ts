export { csfgService, type CsfgOptions } from './csfg.module.js';
