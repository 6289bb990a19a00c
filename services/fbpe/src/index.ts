export { fbpeService, type FbpeOptions } from './fbpe.module.js';
