import type { ReasonEntry } from '../reason-entry.js';

export const attestation = {
  JSON_MALFORMED: {
    kind: 'invalid',
    says: 'the bytes are not strict JSON',
    next: 'produce the document again: UTF-8 without BOM, unique member names, whole numbers below 2^53, one value and nothing after it',
  },
  JSON_NOT_CANONICAL: {
    kind: 'invalid',
    says: 'the JSON is not in its canonical form (RFC 8785)',
    next: 'serialise the document with a canonical JSON encoder before it is signed, and do not reformat it afterwards',
  },
  JSON_NOT_ENCODABLE: {
    kind: 'invalid',
    says: 'the value has no canonical JSON form',
    next: 'use only objects, arrays, well-formed strings, finite numbers, booleans and null',
  },
  DOCUMENT_SHAPE_INVALID: {
    kind: 'invalid',
    says: 'a member of the document is missing, unknown or of the wrong form',
    next: 'compare the document with its schema at the place that the facts name',
  },
  KEY_MALFORMED: {
    kind: 'invalid',
    says: 'the key is not a canonical Ed25519 or P-256 key',
    next: 'export the key again as PEM: SPKI for public keys (uncompressed point for P-256), PKCS #8 for private ones',
  },
  SIGNER_ALGORITHM_MISMATCH: {
    kind: 'internal',
    says: 'the signer made a signature that its own public key does not verify',
    next: 'check that the private key or key service belongs to the public key that is configured',
  },
  ENVELOPE_MALFORMED: {
    kind: 'precondition',
    says: 'the envelope is not a DSSE envelope with exactly one signature',
    next: 'fetch the envelope again from its issuer; it must be canonical JSON with padded base64 and an empty keyid',
  },
  ENVELOPE_PAYLOAD_TYPE_MISMATCH: {
    kind: 'precondition',
    says: 'the envelope carries another payload type than was asked for',
    next: 'use the attestation whose payload type is the expected one',
  },
  SIGNATURE_UNVERIFIED: {
    kind: 'precondition',
    says: 'no trusted key verifies the signature',
    next: 'check that the evidence is unaltered, and that the trust root lists its signer for this role and time',
  },
  STATEMENT_INVALID: {
    kind: 'precondition',
    says: 'the payload is not a valid in-toto Statement v1',
    next: 'ask the issuer for a statement with at least one subject, each with a lower-case sha256 digest',
  },
  PREDICATE_TYPE_MISMATCH: {
    kind: 'precondition',
    says: 'the statement is of another predicate type than was asked for',
    next: 'look for a statement of the expected type; the facts name the one that was found',
  },
  SUBJECT_MISMATCH: {
    kind: 'precondition',
    says: 'the statement is about another artifact',
    next: 'use the attestation of the artifact whose digest is expected',
  },
  VSA_INVALID: {
    kind: 'precondition',
    says: 'the verification summary breaks a rule for summaries of a passed verification',
    next: 'use the summary that was issued with an ALLOW verdict; a DENY or REVIEW has none',
  },
  TRUST_ROOT_INVALID: {
    kind: 'precondition',
    says: 'the trust root breaks one of its own rules',
    next: 'correct the entry that the facts name, raise the version and sign the root again',
  },
  TRUST_ROOT_DEVELOPMENT_KEY: {
    kind: 'precondition',
    says: 'a production trust root lists a development key, or a development root was offered as a production one',
    next: 'remove keys whose name begins with "dev:", or use the root of the production installation',
  },
  TRUST_ROOT_EXPIRED: {
    kind: 'unavailable',
    says: 'the trust root is not valid at this time',
    next: 'fetch the current trust root from its owner, and check the clock of this machine',
  },
  TRUST_ROOT_ROLLED_BACK: {
    kind: 'precondition',
    says: 'the trust root is older than, or contradicts, the one seen before',
    next: 'keep the newer root; if the owner really replaced it, have it signed with a higher version',
  },
  REVOCATION_LIST_INVALID: {
    kind: 'precondition',
    says: 'the revocation list breaks one of its own rules, or is of another issuer',
    next: 'fetch the list of the expected issuer again',
  },
  REVOCATION_LIST_STALE: {
    kind: 'unavailable',
    says: 'the revocation list is not valid at this time, so revocation could not be checked',
    next: 'fetch the current revocation list, and check the clock of this machine',
  },
  REVOCATION_LIST_ROLLED_BACK: {
    kind: 'precondition',
    says: 'the revocation list is older than, or contradicts, the one seen before',
    next: 'keep the newer list and ask its issuer for the current one',
  },
  TLOG_SIZE_OUT_OF_RANGE: {
    kind: 'invalid',
    says: 'a tree size, index or range is outside what the tree allows',
    next: 'use whole numbers below 2^53, indexes below the size, and ranges that are subtrees',
  },
  TLOG_ENTRY_TOO_LARGE: {
    kind: 'invalid',
    says: 'the log entry is larger than an entry bundle can hold',
    next: 'log a digest record of at most 65,535 bytes and store the payload beside it',
  },
  TLOG_TILE_INVALID: {
    kind: 'data-loss',
    says: 'a tile or entry bundle does not have the size or the hashes that the tree requires',
    next: 'fetch the tile again from another cache; if the log itself serves it, keep it as evidence',
  },
  TLOG_TILE_MISSING: {
    kind: 'unavailable',
    says: 'a tile that a proof needs is not there',
    next: 'retry when the log answers; a log must serve every tile of a checkpoint that it published',
  },
  TLOG_PROOF_INVALID: {
    kind: 'precondition',
    says: 'the inclusion or consistency proof does not lead to the root',
    next: 'fetch proof and checkpoint again together; if they still disagree, keep both as evidence',
  },
  TLOG_NOTE_MALFORMED: {
    kind: 'precondition',
    says: 'the text is not a signed note',
    next: 'fetch the note again, byte for byte, as its issuer published it',
  },
  TLOG_NOTE_UNVERIFIED: {
    kind: 'precondition',
    says: 'a known key did not verify the note, or no known key signed it',
    next: 'check that the log or witness is listed in the trust root with the name and key that it uses now',
  },
  TLOG_CHECKPOINT_MALFORMED: {
    kind: 'precondition',
    says: 'the note text is not a checkpoint',
    next: 'fetch the checkpoint again; it has an origin, a size and a root hash in its first three lines',
  },
  TLOG_ORIGIN_MISMATCH: {
    kind: 'precondition',
    says: 'the checkpoint is of another log',
    next: 'use the checkpoint of the log whose origin the facts name',
  },
  TLOG_ROLLED_BACK: {
    kind: 'precondition',
    says: 'the log shows a smaller tree than it has shown before',
    next: 'keep both checkpoints, stop following, and ask the operator of the log',
  },
  TLOG_EQUIVOCATION: {
    kind: 'data-loss',
    says: 'the log signed two histories that contradict each other',
    next: 'keep both signed checkpoints as evidence and freeze the peering',
  },
  TLOG_STATE_MISMATCH: {
    kind: 'data-loss',
    says: 'the stored state of the log does not match its entries; nothing was signed',
    next: 'stop the writer and open a case: never sign until tiles, entries and the last checkpoint agree',
  },
  TLOG_RECORD_INVALID: {
    kind: 'precondition',
    says: 'the log entry is not a digest record',
    next: 'ask the owner of the log which entry format this log carries',
  },
  TLOG_WITNESSES_MISSING: {
    kind: 'precondition',
    says: 'too few independent witnesses cosigned the checkpoint',
    next: 'wait for more cosignatures, or use a policy that accepts an unwitnessed checkpoint',
  },
} as const satisfies Record<string, ReasonEntry>;
