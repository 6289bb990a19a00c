import { decodeBase64, encodeBase64, type JsonValue, ObjectReader, parseStrictJson, type PublicKey, publicKeyFromSpki } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import { KEY_USES, type KeyUse, useName } from './key-uses.js';

/** The public side of an installation's keys: what a trust root is built from, and what partners are given. */
export interface InstallationCard {
  readonly organisation: string;
  /** Under which its verdict key signs. */
  readonly verifierId: string;
  readonly logOrigin: string;
  readonly cosignerName: string;
  /** One for each use. */
  readonly keys: readonly CardKey[];
}

export interface CardKey {
  readonly use: KeyUse;
  readonly publicKey: PublicKey;
}

const ORGANISATION = { lengthMax: 100, pattern: /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*$/ };
const ORIGIN = { lengthMax: 200, pattern: /^[^\s+]+$/ };

/** The names that services use where their variables say nothing else. */
export function namesOf(organisation: string): Omit<InstallationCard, 'keys'> {
  return {
    organisation,
    verifierId: `https://${organisation}/stella/gate`,
    logOrigin: `${organisation}/stella/log`,
    cosignerName: `${organisation}/stella/cosigner`,
  };
}

/** @throws DomainError USAGE_INVALID for what is no organisation */
export function checkOrganisation(text: string): string {
  if (text.length <= ORGANISATION.lengthMax && ORGANISATION.pattern.test(text)) return text;
  throw new DomainError('USAGE_INVALID', { option: '--organisation', given: text.slice(0, 100), wanted: 'a domain name in lower case, e.g. acme.example' });
}

export function encodeCard({ keys, ...names }: InstallationCard): Uint8Array {
  const listed = keys.map(({ use, publicKey }) => ({ use: useName(use), algorithm: publicKey.algorithm, fingerprint: publicKey.fingerprint, spki: encodeBase64(publicKey.spki) }));
  return Buffer.from(`${JSON.stringify({ ...names, keys: listed }, undefined, 2)}\n`);
}

/** @throws DomainError DOCUMENT_SHAPE_INVALID, KEY_MALFORMED, JSON_… */
export function parseCard(bytes: Uint8Array): InstallationCard {
  const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: limits.connectionBytesMax }), 'card');
  const card = {
    organisation: reader.text('organisation', ORGANISATION),
    verifierId: reader.text('verifierId', { lengthMax: 500 }),
    logOrigin: reader.text('logOrigin', ORIGIN),
    cosignerName: reader.text('cosignerName', ORIGIN),
    keys: reader.list('keys', { min: KEY_USES.length, max: KEY_USES.length }, readKey),
  };
  reader.end();
  const missing = KEY_USES.find((use) => !card.keys.some((key) => key.use === use));
  if (missing) throw new DomainError('DOCUMENT_SHAPE_INVALID', { at: 'card.keys', problem: `no key of the use ${useName(missing)}` });
  return card;
}

function readKey(value: JsonValue, path: string): CardKey {
  const reader = ObjectReader.of(value, path);
  const name = reader.word('use', KEY_USES.map(useName));
  const use = KEY_USES.find((one) => useName(one) === name) as KeyUse;
  const spki = decodeBase64(reader.text('spki', { lengthMax: 200 }));
  if (!spki) throw new DomainError('KEY_MALFORMED', { at: `${path}.spki`, problem: 'canonical base64 expected' });
  const publicKey = publicKeyFromSpki(spki);
  reader.word('algorithm', [use.algorithm]);
  reader.word('fingerprint', [publicKey.fingerprint]);
  if (publicKey.algorithm !== use.algorithm) throw new DomainError('KEY_MALFORMED', { at: `${path}.spki`, expected: use.algorithm, actual: publicKey.algorithm });
  reader.end();
  return { use, publicKey };
}
