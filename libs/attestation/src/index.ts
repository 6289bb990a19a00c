export { decodeBase64, encodeBase64 } from './base64.js';
export { canonicalize } from './canonical-json.js';
export { SHA256_HEX, sha256Hex } from './digest.js';
export {
  encodeEnvelope,
  ENVELOPE_SIZE_BYTES_MAX,
  IN_TOTO_PAYLOAD_TYPE,
  pae,
  parseEnvelope,
  signEnvelope,
  verifyEnvelope,
  type Envelope,
  type EnvelopeExpectation,
  type VerifiedEnvelope,
} from './dsse.js';
export { isJsonObject, JSON_DEPTH_MAX, type JsonArray, type JsonObject, type JsonValue } from './json-value.js';
export { KeyPair, type Signer } from './key-pair.js';
export {
  ed25519Bytes,
  publicKeyFingerprint,
  publicKeyFromEd25519,
  publicKeyFromPem,
  publicKeyFromSpki,
  publicKeyToPem,
  verifySignature,
  type KeyAlgorithm,
  type PublicKey,
} from './keys.js';
export { checkText, ObjectReader, type TextRule } from './object-reader.js';
export { PREDICATE_TYPES, type PredicateType } from './predicate-types.js';
export {
  buildStatement,
  parseStatement,
  requireSubject,
  signStatement,
  STATEMENT_TYPE,
  SUBJECT_COUNT_MAX,
  verifyStatement,
  type Statement,
  type StatementExpectation,
  type StatementInput,
  type Subject,
  type VerifiedStatement,
} from './statement.js';
export {
  foldCase,
  JSON_SIZE_BYTES_MAX,
  parseCanonicalJson,
  parseStrictJson,
  type StrictJsonLimits,
} from './strict-json.js';
