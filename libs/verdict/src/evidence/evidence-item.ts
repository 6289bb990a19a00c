import { isJsonObject, parseStrictJson, sha256Hex, type JsonObject } from '@stella/attestation';
import type { EvidenceRef } from '../verdict/verdict.js';

/** A piece of evidence as it travels: the envelope's bytes, and that a log has it. */
export interface EvidenceItem {
  readonly envelope: Uint8Array;
  readonly log?: LogProof;
}

export interface LogProof {
  /** Canonical digest record: the entry of the log. */
  readonly record: Uint8Array;
  /** C2SP tlog-proof with a signed checkpoint. */
  readonly proof: Uint8Array;
}

/** What a statement looks like whose signature, signer and revocation were checked. */
export interface CheckedEvidence {
  readonly item: EvidenceItem;
  readonly ref: EvidenceRef;
  readonly subjects: readonly { readonly sha256: string }[];
  readonly predicate: JsonObject;
  readonly organisation: string;
  readonly keyFingerprint: string;
}

export function logProofSha256(log: LogProof | undefined): string {
  return log === undefined ? '' : sha256Hex(log.proof);
}

/** A plain copy of a parsed predicate, as validators of schemas and packages outside expect it. */
export function plain(value: JsonObject): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The members of canonical JSON bytes that were checked before. */
export function objectOf(bytes: Uint8Array, sizeBytesMax: number): JsonObject | undefined {
  const value = parseStrictJson(bytes, { sizeBytesMax });
  return isJsonObject(value) ? value : undefined;
}
