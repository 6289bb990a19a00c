export { frvfService, type FrvfOptions } from './frvf.module.js';
