import { decodeBase64, encodeBase64, isJsonObject, ObjectReader, parseStrictJson, publicKeyFromSpki } from '@stella/attestation';
import type { CreatePeeringRequest, Node } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError } from '@stella/errors';
import type { Connection } from '../connection/connection.js';
import { limits } from '../limits.js';

/** What operators hand each other before their nodes peer: who the other node is, and where. */
export interface NodeCard {
  readonly organisation: string;
  readonly origin: string;
  /** C2SP signed-note verifier keys. */
  readonly logKey: string;
  readonly cosignerKey: string;
  /** DER SubjectPublicKeyInfo in base64. */
  readonly evidenceKeys: readonly string[];
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly development: boolean;
}

const EVIDENCE_KEYS_MAX = 32;
const text = (lengthMax: number) => ({ lengthMax });

export function nodeCard(node: Node, { grpcAddress, httpAddress }: Pick<Connection, 'grpcAddress' | 'httpAddress'>): NodeCard {
  const { organisation, origin, logKey, cosignerKey, evidenceKeys, development } = node;
  return { organisation, origin, logKey, cosignerKey, evidenceKeys: evidenceKeys.map(encodeBase64), grpcAddress, httpAddress, development };
}

/** @throws DomainError DOCUMENT_SHAPE_INVALID, JSON_…, KEY_MALFORMED */
export function parseNodeCard(bytes: Uint8Array): NodeCard {
  const value = parseStrictJson(bytes, { sizeBytesMax: limits.connectionBytesMax });
  const reader = ObjectReader.of(value, 'card');
  const card = {
    organisation: reader.text('organisation', text(128)),
    origin: reader.text('origin', text(256)),
    logKey: reader.text('logKey', text(512)),
    cosignerKey: reader.text('cosignerKey', text(512)),
    evidenceKeys: reader.list('evidenceKeys', { min: 0, max: EVIDENCE_KEYS_MAX }, (item) => (typeof item === 'string' ? item : '')),
    grpcAddress: reader.text('grpcAddress', text(256)),
    httpAddress: reader.text('httpAddress', text(256)),
    development: isJsonObject(value) && reader.value('development') === true,
  };
  reader.end();
  spkisOf(card);
  return card;
}

/** The evidence keys as they travel. */
export function spkisOf({ evidenceKeys }: NodeCard): Buffer[] {
  return evidenceKeys.map((key) => {
    const spki = decodeBase64(key);
    if (!spki) throw new DomainError('KEY_MALFORMED', { at: 'card.evidenceKeys', problem: 'canonical base64 expected' });
    return Buffer.from(publicKeyFromSpki(spki).spki);
  });
}

export function peeringRequest(card: NodeCard, sameOperator: boolean): Omit<CreatePeeringRequest, 'requestId'> {
  return { ...card, evidenceKeys: spkisOf(card), sameOperator };
}
