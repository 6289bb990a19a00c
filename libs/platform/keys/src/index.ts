export { KeyFolder } from './key-folder.js';
