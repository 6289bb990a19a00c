import { DomainError } from '@stella/errors';
import { decodeBase64, encodeBase64 } from './base64.js';
import { SHA256_HEX } from './digest.js';
import type { JsonObject, JsonValue } from './json-value.js';
import { type PublicKey, publicKeyFromSpki } from './keys.js';
import { checkText, ObjectReader } from './object-reader.js';

/** What a key may sign. */
export const KEY_ROLES = [
  'evidence',
  'verdict',
  'policy',
  'log',
  'witness',
  'pack-publisher',
  'waiver',
  'revocation',
] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

export interface TrustedKey {
  readonly name: string;
  readonly publicKey: PublicKey;
  readonly organisation: string;
  /** Absolute URI; the only verifier id under which this key may sign verdicts and summaries. */
  readonly verifierId?: string;
  readonly roles: readonly KeyRole[];
  readonly validFrom: Date;
  readonly validUntil: Date;
}

/** A log (by origin) or a witness (by name) and the fingerprint of the listed key that it signs with. */
export interface NamedKey {
  readonly name: string;
  readonly fingerprint: string;
}

/** At least `organisations` different organisations, each with a key of its own, must agree in this role. */
export interface Threshold {
  readonly role: KeyRole;
  readonly organisations: number;
}

export interface TrustRootInput {
  readonly profile: 'production' | 'development';
  readonly version: number;
  readonly issuedAt: Date;
  readonly validUntil: Date;
  readonly keys: readonly TrustedKey[];
  readonly logs: readonly NamedKey[];
  readonly witnesses: readonly NamedKey[];
  readonly thresholds: readonly Threshold[];
}

export type TrustRootContent = TrustRootInput;

const KEYS_MAX = 10_000;
const NAME = { lengthMax: 200, pattern: /^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/ };
// An exact name, not a pattern: nothing in it could be read as a regular expression that matches others.
const ORGANISATION = { lengthMax: 100, pattern: /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*$/ };
const VERIFIER_ID = { lengthMax: 500, pattern: /^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]+)?(?:\/[A-Za-z0-9._~@-]+)*$/ };
const ORIGIN = { lengthMax: 200, pattern: /^[^\s+]+$/ };

export function toTrustRootDocument(input: TrustRootInput): object {
  return {
    profile: input.profile,
    version: input.version,
    issuedAt: input.issuedAt.toISOString(),
    validUntil: input.validUntil.toISOString(),
    keys: input.keys.map((key) => ({
      name: key.name,
      fingerprint: key.publicKey.fingerprint,
      algorithm: key.publicKey.algorithm,
      spki: encodeBase64(key.publicKey.spki),
      organisation: key.organisation,
      ...(key.verifierId === undefined ? {} : { verifierId: key.verifierId }),
      roles: [...key.roles],
      validFrom: key.validFrom.toISOString(),
      validUntil: key.validUntil.toISOString(),
    })),
    logs: input.logs.map(({ name, fingerprint }) => ({ name, fingerprint })),
    witnesses: input.witnesses.map(({ name, fingerprint }) => ({ name, fingerprint })),
    thresholds: input.thresholds.map(({ role, organisations }) => ({ role, organisations })),
  };
}

/** @throws DomainError `DOCUMENT_SHAPE_INVALID`, `KEY_MALFORMED` or `TRUST_ROOT_INVALID` */
export function readTrustRoot(document: JsonObject): TrustRootContent {
  const reader = ObjectReader.of(document, 'trustRoot');
  const content: TrustRootContent = {
    profile: reader.word('profile', ['production', 'development']),
    version: reader.integer('version', 1),
    issuedAt: reader.time('issuedAt'),
    validUntil: reader.time('validUntil'),
    keys: reader.list('keys', { min: 1, max: KEYS_MAX }, readKey),
    logs: reader.list('logs', { min: 0, max: KEYS_MAX }, readNamedKey),
    witnesses: reader.list('witnesses', { min: 0, max: KEYS_MAX }, readNamedKey),
    thresholds: reader.list('thresholds', { min: 0, max: KEY_ROLES.length }, readThreshold),
  };
  reader.end();
  requireOrder('trustRoot', content.issuedAt, content.validUntil);
  requireDistinct('trustRoot.keys', content.keys.map(({ publicKey }) => publicKey.fingerprint));
  requireDistinct('trustRoot.keys', content.keys.map(({ name }) => name));
  requireListed('trustRoot.logs', content.logs, content.keys, 'log');
  requireListed('trustRoot.witnesses', content.witnesses, content.keys, 'witness');
  requireReachable(content);
  return content;
}

function readKey(value: JsonValue, path: string): TrustedKey {
  const reader = ObjectReader.of(value, path);
  const spki = decodeBase64(reader.text('spki', { lengthMax: 200 }));
  if (spki === undefined) return invalid(`${path}.spki`, 'not canonical base64');
  const publicKey = publicKeyFromSpki(spki);
  reader.word('algorithm', [publicKey.algorithm]);
  reader.word('fingerprint', [publicKey.fingerprint]);
  const roles = reader.list('roles', { min: 1, max: KEY_ROLES.length }, (role, at) => {
    const word = checkText(role, at, { lengthMax: 50 });
    return KEY_ROLES.find((known) => known === word) ?? invalid(at, 'unknown role');
  });
  requireDistinct(`${path}.roles`, roles);
  const verifierId = reader.has('verifierId') ? reader.text('verifierId', VERIFIER_ID) : undefined;
  if (roles.includes('verdict') && verifierId === undefined) return invalid(`${path}.verifierId`, 'missing');
  const key = {
    name: reader.text('name', NAME),
    publicKey,
    organisation: reader.text('organisation', ORGANISATION),
    ...(verifierId === undefined ? {} : { verifierId }),
    roles,
    validFrom: reader.time('validFrom'),
    validUntil: reader.time('validUntil'),
  };
  reader.end();
  requireOrder(path, key.validFrom, key.validUntil);
  return key;
}

function readNamedKey(value: JsonValue, path: string): NamedKey {
  const reader = ObjectReader.of(value, path);
  const named = {
    name: reader.text('name', ORIGIN),
    fingerprint: reader.text('fingerprint', { lengthMax: 64, pattern: SHA256_HEX }),
  };
  reader.end();
  return named;
}

function readThreshold(value: JsonValue, path: string): Threshold {
  const reader = ObjectReader.of(value, path);
  const threshold = { role: reader.word('role', KEY_ROLES), organisations: reader.integer('organisations', 1) };
  reader.end();
  return threshold;
}

function requireListed(path: string, named: readonly NamedKey[], keys: readonly TrustedKey[], role: KeyRole): void {
  requireDistinct(path, named.map(({ name, fingerprint }) => `${name} ${fingerprint}`));
  for (const { name, fingerprint } of named) {
    const key = keys.find(({ publicKey }) => publicKey.fingerprint === fingerprint);
    if (!key?.roles.includes(role)) invalid(`${path}.${name}`, `no listed key with the role ${role}`);
    else if (key.publicKey.algorithm !== 'ed25519') invalid(`${path}.${name}`, 'signed notes need an Ed25519 key');
  }
}

function requireReachable({ thresholds, keys }: TrustRootContent): void {
  requireDistinct('trustRoot.thresholds', thresholds.map(({ role }) => role));
  for (const { role, organisations } of thresholds) {
    const able = new Set(keys.filter(({ roles }) => roles.includes(role)).map(({ organisation }) => organisation));
    if (able.size < organisations) invalid(`trustRoot.thresholds.${role}`, 'more organisations than the root lists');
  }
}

function requireDistinct(path: string, values: readonly string[]): void {
  if (new Set(values).size !== values.length) invalid(path, 'listed twice');
}

function requireOrder(path: string, from: Date, until: Date): void {
  if (from.getTime() >= until.getTime()) invalid(path, 'ends before it begins');
}

function invalid(at: string, problem: string): never {
  throw new DomainError('TRUST_ROOT_INVALID', { at, problem });
}
