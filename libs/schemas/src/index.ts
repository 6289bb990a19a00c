export { SCHEMA_IDS, SCHEMAS, validate } from './validate.js';
export type { Schema } from './vocabulary.js';
export { MICRO_WITNESS_SCHEMA_ID } from './schemas/micro-witness.js';
export { PACK_MANIFEST_SCHEMA_ID } from './schemas/pack-manifest.js';
export { VERIFY_RESULT_SCHEMA_ID } from './schemas/verify-result.js';
