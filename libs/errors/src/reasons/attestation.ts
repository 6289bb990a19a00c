import type { ReasonEntry } from '../reason-entry.js';

export const attestation = {
  JSON_MALFORMED: {
    kind: 'invalid',
    says: 'The bytes are not strict JSON.',
    next: 'Produce the document again: UTF-8 without BOM, unique member names, whole numbers below 2^53, one value and nothing after it.',
  },
  JSON_NOT_CANONICAL: {
    kind: 'invalid',
    says: 'The JSON is not in its canonical form (RFC 8785).',
    next: 'Serialise the document with a canonical JSON encoder before it is signed, and do not reformat it afterwards.',
  },
  JSON_NOT_ENCODABLE: {
    kind: 'invalid',
    says: 'The value has no canonical JSON form.',
    next: 'Use only objects, arrays, well-formed strings, finite numbers, booleans and null.',
  },
  DOCUMENT_SHAPE_INVALID: {
    kind: 'invalid',
    says: 'A member of the document is missing, unknown or of the wrong form.',
    next: 'Compare the document with its schema at the place that the facts name.',
  },
  KEY_MALFORMED: {
    kind: 'invalid',
    says: 'The key is not a canonical Ed25519 or P-256 key.',
    next: 'Export the key again as PEM: SPKI for public keys (uncompressed point for P-256), PKCS #8 for private ones.',
  },
  SIGNER_ALGORITHM_MISMATCH: {
    kind: 'internal',
    says: 'The signer made a signature that its own public key does not verify.',
    next: 'Check that the private key or key service belongs to the public key that is configured.',
  },
  ENVELOPE_MALFORMED: {
    kind: 'precondition',
    says: 'The envelope is not a DSSE envelope with exactly one signature.',
    next: 'Fetch the envelope again from its issuer; it must be canonical JSON with padded base64 and an empty keyid.',
  },
  ENVELOPE_PAYLOAD_TYPE_MISMATCH: {
    kind: 'precondition',
    says: 'The envelope carries another payload type than was asked for.',
    next: 'Use the attestation whose payload type is the expected one.',
  },
  SIGNATURE_UNVERIFIED: {
    kind: 'precondition',
    says: 'No trusted key verifies the signature.',
    next: 'Check that the evidence is unaltered, and that the trust root lists its signer for this role and time.',
  },
  STATEMENT_INVALID: {
    kind: 'precondition',
    says: 'The payload is not a valid in-toto Statement v1.',
    next: 'Ask the issuer for a statement with at least one subject, each with a lower-case sha256 digest.',
  },
  PREDICATE_TYPE_MISMATCH: {
    kind: 'precondition',
    says: 'The statement is of another predicate type than was asked for.',
    next: 'Look for a statement of the expected type; the facts name the one that was found.',
  },
  SUBJECT_MISMATCH: {
    kind: 'precondition',
    says: 'The statement is about another artifact.',
    next: 'Use the attestation of the artifact whose digest is expected.',
  },
  VSA_INVALID: {
    kind: 'precondition',
    says: 'The verification summary breaks a rule for summaries of a passed verification.',
    next: 'Use the summary that was issued with an ALLOW verdict; a DENY or REVIEW has none.',
  },
  TRUST_ROOT_INVALID: {
    kind: 'precondition',
    says: 'The trust root breaks one of its own rules.',
    next: 'Correct the entry that the facts name, raise the version and sign the root again.',
  },
  TRUST_ROOT_DEVELOPMENT_KEY: {
    kind: 'precondition',
    says: 'A production trust root lists a development key, or a development root was offered as a production one.',
    next: 'Remove keys whose name begins with "dev:", or use the root of the production installation.',
  },
  TRUST_ROOT_EXPIRED: {
    kind: 'unavailable',
    says: 'The trust root is not valid at this time.',
    next: 'Fetch the current trust root from its owner, and check the clock of this machine.',
  },
  TRUST_ROOT_ROLLED_BACK: {
    kind: 'precondition',
    says: 'The trust root is older than, or contradicts, the one seen before.',
    next: 'Keep the newer root; if the owner really replaced it, have it signed with a higher version.',
  },
  REVOCATION_LIST_INVALID: {
    kind: 'precondition',
    says: 'The revocation list breaks one of its own rules, or is of another issuer.',
    next: 'Fetch the list of the expected issuer again.',
  },
  REVOCATION_LIST_STALE: {
    kind: 'unavailable',
    says: 'The revocation list is not valid at this time, so revocation could not be checked.',
    next: 'Fetch the current revocation list, and check the clock of this machine.',
  },
  REVOCATION_LIST_ROLLED_BACK: {
    kind: 'precondition',
    says: 'The revocation list is older than, or contradicts, the one seen before.',
    next: 'Keep the newer list and ask its issuer for the current one.',
  },
  TLOG_SIZE_OUT_OF_RANGE: {
    kind: 'invalid',
    says: 'A tree size, index or range is outside what the tree allows.',
    next: 'Use whole numbers below 2^53, indexes below the size, and ranges that are subtrees.',
  },
  TLOG_ENTRY_TOO_LARGE: {
    kind: 'invalid',
    says: 'The log entry is larger than an entry bundle can hold.',
    next: 'Log a digest record of at most 65,535 bytes and store the payload beside it.',
  },
  TLOG_TILE_INVALID: {
    kind: 'data-loss',
    says: 'A tile or entry bundle does not have the size or the hashes that the tree requires.',
    next: 'Fetch the tile again from another cache; if the log itself serves it, keep it as evidence.',
  },
  TLOG_TILE_MISSING: {
    kind: 'unavailable',
    says: 'A tile that a proof needs is not there.',
    next: 'Retry when the log answers; a log must serve every tile of a checkpoint that it published.',
  },
  TLOG_PROOF_INVALID: {
    kind: 'precondition',
    says: 'The inclusion or consistency proof does not lead to the root.',
    next: 'Fetch proof and checkpoint again together; if they still disagree, keep both as evidence.',
  },
  TLOG_NOTE_MALFORMED: {
    kind: 'precondition',
    says: 'The text is not a signed note.',
    next: 'Fetch the note again, byte for byte, as its issuer published it.',
  },
  TLOG_NOTE_UNVERIFIED: {
    kind: 'precondition',
    says: 'A known key did not verify the note, or no known key signed it.',
    next: 'Check that the log or witness is listed in the trust root with the name and key that it uses now.',
  },
  TLOG_CHECKPOINT_MALFORMED: {
    kind: 'precondition',
    says: 'The note text is not a checkpoint.',
    next: 'Fetch the checkpoint again; it has an origin, a size and a root hash in its first three lines.',
  },
  TLOG_ORIGIN_MISMATCH: {
    kind: 'precondition',
    says: 'The checkpoint is of another log.',
    next: 'Use the checkpoint of the log whose origin the facts name.',
  },
  TLOG_ROLLED_BACK: {
    kind: 'precondition',
    says: 'The log shows a smaller tree than it has shown before.',
    next: 'Keep both checkpoints, stop following, and ask the operator of the log.',
  },
  TLOG_EQUIVOCATION: {
    kind: 'data-loss',
    says: 'The log signed two histories that contradict each other.',
    next: 'Keep both signed checkpoints as evidence and freeze the peering.',
  },
  TLOG_STATE_MISMATCH: {
    kind: 'data-loss',
    says: 'The stored state of the log does not match its entries; nothing was signed.',
    next: 'Stop the writer and open a case: never sign until tiles, entries and the last checkpoint agree.',
  },
  TLOG_RECORD_INVALID: {
    kind: 'precondition',
    says: 'The log entry is not a digest record.',
    next: 'Ask the owner of the log which entry format this log carries.',
  },
  TLOG_WITNESSES_MISSING: {
    kind: 'precondition',
    says: 'Too few independent witnesses cosigned the checkpoint.',
    next: 'Wait for more cosignatures, or use a policy that accepts an unwitnessed checkpoint.',
  },
} as const satisfies Record<string, ReasonEntry>;
