export { type PsdiOptions, psdiService } from './psdi.module.js';
