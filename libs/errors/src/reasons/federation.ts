import type { ReasonEntry } from '../reason-entry.js';

export const federation = {
  ENTRY_NOT_FOUND: { kind: 'not-found', says: 'the log has no such entry for this caller', next: 'append the evidence first, or ask with the digest of its signed payload' },
  ENTRY_TOO_LARGE: { kind: 'exhausted', says: 'the digest record of the evidence is larger than a log entry can be', next: 'split the statement so that it names fewer subjects' },
  PAYLOAD_ERASED: { kind: 'not-found', says: 'the payload of this entry has been erased', next: 'use the digest record alone; the log keeps it' },
  EVIDENCE_INVALID: { kind: 'invalid', says: 'the bytes are not an in-toto statement in a DSSE envelope', next: 'mend what the facts name and send the envelope again' },
  LOG_BUSY: { kind: 'unavailable', says: 'more entries wait for the log than it holds in memory', next: 'wait and append again; an entry that was not acknowledged is not lost' },
  LOG_ROLLED_BACK: { kind: 'data-loss', says: 'the stored log is older than what was signed; signing has stopped', next: 'restore the database to the size that the facts name; never delete the record of what was signed' },
  LOG_EQUIVOCATES: { kind: 'data-loss', says: 'a log signed two histories that exclude each other', next: 'use the evidence that was kept; the peering stays frozen' },
  CHECKPOINT_INVALID: { kind: 'precondition', says: 'the checkpoint is not one of this log', next: 'compare the origin and the key of the peering with what the other node says of itself' },
  CHECKPOINT_UNKNOWN: { kind: 'not-found', says: 'the cosigned checkpoint is none that this log has signed', next: 'fetch the current checkpoint and cosign that' },
  COSIGNATURE_INVALID: { kind: 'precondition', says: 'the note carries no cosignature of a known peer', next: 'check that the peering has the cosigner key in use now' },
  PEERING_NOT_FOUND: { kind: 'not-found', says: 'no peering has this name', next: 'list the peerings and name one of them' },
  PEERING_INVALID: { kind: 'invalid', says: 'the peering cannot be made from these values', next: 'mend the field named in the facts as the other node says of itself' },
  PEERING_EXISTS: { kind: 'conflict', says: 'there is a peering with this log already', next: 'use that one' },
  PEERING_FROZEN: { kind: 'precondition', says: 'the peering is frozen because the other log could not be trusted', next: 'read the reason in the facts and settle it with the other operator' },
  PEER_UNREACHABLE: { kind: 'unavailable', says: 'the other node does not answer as it should', next: 'check its address; the pull is tried again by itself' },
  PEER_TOKEN_INVALID: { kind: 'unauthenticated', says: 'the caller did not prove to be a peer of this node', next: 'send a short-lived token signed with the cosigner key of an active peering' },
} as const satisfies Record<string, ReasonEntry>;
