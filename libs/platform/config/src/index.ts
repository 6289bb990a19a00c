export { type DurationBounds, durationMs, durationText, durationWithin, flag, list, port, secret, sizeBytes } from './fields.js';
export { loadConfig, printableConfig, VALUE_FILE_BYTES_MAX, variableName, type Environment, type LoadOptions } from './load-config.js';
export { Secret } from './secret.js';
