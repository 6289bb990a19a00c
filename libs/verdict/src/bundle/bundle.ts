import { canonicalize, decodeBase64, encodeBase64, isJsonObject, ObjectReader, parseCanonicalJson, type JsonObject, type JsonValue } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import type { EvidenceItem } from '../evidence/evidence-item.js';
import { LIMITS } from '../limits.js';

/** What travels beside the evidence, by the name under which the verdict binds it. */
export interface Attachment {
  readonly name: string;
  readonly value: JsonValue;
}

/**
 * A verdict with all that it rests on, as one file. Envelopes stand in it as objects: the file is canonical JSON (RFC 8785)
 * and so are they, so their bytes are those that were signed.
 */
export interface Bundle {
  readonly verdict: Uint8Array;
  /** Of an ALLOW only. */
  readonly vsas: readonly Uint8Array[];
  readonly evidence: readonly EvidenceItem[];
  readonly waivers: readonly Uint8Array[];
  readonly attachments: readonly Attachment[];
}

/** Canonical bytes of a bundle. Errors: BUNDLE_INVALID, BUNDLE_TOO_LARGE, JSON_… for what would not read back. */
export function encodeBundle({ verdict, vsas, evidence, waivers, attachments }: Bundle): Uint8Array {
  const bytes = canonicalize({
    format: 'stella-bundle/1',
    verdict: toObject(verdict),
    vsas: vsas.map(toObject),
    evidence: evidence.map(({ envelope, log }) => ({
      envelope: toObject(envelope),
      log: log === undefined ? null : { record: toObject(log.record), proof: encodeBase64(log.proof) },
    })),
    waivers: waivers.map(toObject),
    attachments: attachments.map(({ name, value }) => ({ name, value })),
  });
  parseBundle(bytes);
  return bytes;
}

/** Errors: BUNDLE_TOO_LARGE, or BUNDLE_INVALID with where and what; nothing in it is believed yet. */
export function parseBundle(bytes: Uint8Array, sizeBytesMax: number = LIMITS.bundleBytesMax): Bundle {
  if (bytes.length > sizeBytesMax) throw new DomainError('BUNDLE_TOO_LARGE', { sizeBytes: String(bytes.length), sizeBytesMax: String(sizeBytesMax) });
  try {
    return read(parseCanonicalJson(bytes, { sizeBytesMax }));
  } catch (error) {
    if (!isDomainError(error) || error.reason === 'BUNDLE_INVALID') throw error;
    throw new DomainError('BUNDLE_INVALID', { problem: error.reason, ...error.facts }, { cause: error });
  }
}

function read(value: JsonValue): Bundle {
  const reader = ObjectReader.of(value, 'bundle');
  reader.word('format', ['stella-bundle/1']);
  const bundle = {
    verdict: objectBytes(reader.value('verdict'), 'bundle.verdict'),
    vsas: reader.list('vsas', { min: 0, max: LIMITS.vsasMax }, objectBytes),
    evidence: reader.list('evidence', { min: 0, max: LIMITS.evidenceMax }, readEvidence),
    waivers: reader.list('waivers', { min: 0, max: LIMITS.evidenceMax }, objectBytes),
    attachments: reader.list('attachments', { min: 0, max: LIMITS.attachmentsMax }, readAttachment),
  };
  reader.end();
  return bundle;
}

function readEvidence(value: JsonValue, at: string): EvidenceItem {
  const reader = ObjectReader.of(value, at);
  const envelope = objectBytes(reader.value('envelope'), `${at}.envelope`);
  const log = reader.value('log');
  reader.end();
  if (log === null) return { envelope };
  const logReader = ObjectReader.of(log, `${at}.log`);
  const record = objectBytes(logReader.value('record'), `${at}.log.record`);
  const text = logReader.value('proof');
  logReader.end();
  const proof = typeof text === 'string' ? decodeBase64(text) : undefined;
  return { envelope, log: { record, proof: proof ?? invalid(`${at}.log.proof`, 'canonical base64 expected') } };
}

function readAttachment(value: JsonValue, at: string): Attachment {
  const reader = ObjectReader.of(value, at);
  const attachment = { name: reader.text('name', { lengthMax: 64 }), value: reader.value('value') };
  reader.end();
  return attachment;
}

function objectBytes(value: JsonValue, at: string): Uint8Array {
  return isJsonObject(value) ? canonicalize(value) : invalid(at, 'object expected');
}

function toObject(bytes: Uint8Array): JsonObject {
  const value = parseCanonicalJson(bytes, { sizeBytesMax: LIMITS.bundleBytesMax });
  return isJsonObject(value) ? value : invalid('bundle', 'object expected');
}

function invalid(at: string, problem: string): never {
  throw new DomainError('BUNDLE_INVALID', { at, problem });
}
