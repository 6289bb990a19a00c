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
export { foldCase } from './json-parser.js';
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
  JSON_SIZE_BYTES_MAX,
  parseCanonicalJson,
  parseStrictJson,
  type StrictJsonLimits,
} from './strict-json.js';
export {
  findCutOff,
  findRevocation,
  requireRevocationListNotOlder,
  REVOCATION_COUNT_MAX,
  REVOCATION_KINDS,
  signRevocationList,
  verifyRevocationList,
  type CutOffKind,
  type Revocation,
  type RevocationKind,
  type RevocationList,
  type RevocationListInput,
} from './revocation-list.js';
export {
  plainDocument,
  readAs,
  signDocument,
  verifyDocument,
  type DocumentKind,
  type VerifiedDocument,
} from './signed-document.js';
export { SIGSTORE_BUNDLE_MEDIA_TYPE, toSigstoreBundle } from './sigstore-bundle.js';
export { independentOrganisations, isValidAt, mayVerifyAs, meetsThreshold, trustedKey, trustedKeys } from './trusted-keys.js';
export {
  buildDevelopmentTrustRoot,
  openTrustRoot,
  parseDevelopmentTrustRoot,
  requireTrustRootNotOlder,
  signTrustRoot,
  verifyTrustRoot,
  type TrustRoot,
} from './trust-root.js';
export {
  KEY_ROLES,
  type KeyRole,
  type NamedKey,
  type Threshold,
  type TrustedKey,
  type TrustRootContent,
  type TrustRootInput,
} from './trust-root-document.js';
export { CLOCK_SKEW_MS, requireNotOlder, requireValidAt, type SeenVersion, type VersionedDocument } from './validity.js';
export { buildVsa, parseVsa, type ResourceDigest, type VerificationSummary } from './vsa.js';
