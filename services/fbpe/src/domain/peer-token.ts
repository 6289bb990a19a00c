import { canonicalize, type JsonObject, isJsonObject, parseStrictJson, type PublicKey, type Signer, verifySignature } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';

/** Who asks whom for what; a token is good for one payload. */
export interface PeerTokenClaims {
  /** Origin of the asking node's log. */
  readonly issuer: string;
  /** Origin of the log that is asked. */
  readonly audience: string;
  /** Digest of the payload that is asked for. */
  readonly payloadDigest: string;
}

const HEADER = { alg: 'EdDSA', typ: 'stella-peer+jwt' } as const;
const SIZE_BYTES_MAX = 4_096;

/** A JWT (RFC 7519) signed with Ed25519 (RFC 8037) by the asking node's cosigner key. */
export async function signPeerToken(claims: PeerTokenClaims, signer: Signer, nowS: number, lifetimeS: number): Promise<string> {
  const payload = { iss: claims.issuer, aud: claims.audience, sub: `payload:${claims.payloadDigest}`, iat: nowS, exp: nowS + lifetimeS };
  const signed = `${base64url(canonicalize(HEADER))}.${base64url(canonicalize(payload))}`;
  return `${signed}.${base64url(await signer.sign(Buffer.from(signed)))}`;
}

/** Whose token it says to be: for finding the key, not for believing it. @throws DomainError `PEER_TOKEN_INVALID` */
export function issuerOfPeerToken(token: string): string {
  return text(claimsOf(token), 'iss');
}

export interface TokenExpectation {
  readonly audience: string;
  readonly payloadDigest: string;
  readonly nowS: number;
  readonly lifetimeSMax: number;
  readonly skewS: number;
}

/** @throws DomainError `PEER_TOKEN_INVALID` */
export function verifyPeerToken(token: string, key: PublicKey, expected: TokenExpectation): void {
  const [header = '', payload = '', signature = ''] = split(token);
  const { alg, typ } = object(header);
  if (alg !== HEADER.alg || typ !== HEADER.typ || key.algorithm !== 'ed25519') return refuse('algorithm or type');
  if (!verifySignature(key, Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url'))) return refuse('signature');
  const claims = object(payload);
  if (text(claims, 'aud') !== expected.audience) return refuse('audience');
  if (text(claims, 'sub') !== `payload:${expected.payloadDigest}`) return refuse('subject');
  const [issuedS, expiresS] = [seconds(claims, 'iat'), seconds(claims, 'exp')];
  if (expiresS - issuedS > expected.lifetimeSMax) return refuse('lives too long');
  if (issuedS > expected.nowS + expected.skewS || expiresS + expected.skewS < expected.nowS) return refuse('not valid now');
}

function split(token: string): string[] {
  const parts = token.split('.');
  return token.length <= SIZE_BYTES_MAX && parts.length === 3 && parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)) ? parts : refuse('form');
}

function claimsOf(token: string): JsonObject {
  return object(split(token)[1] ?? '');
}

function object(part: string): JsonObject {
  try {
    const value = parseStrictJson(Buffer.from(part, 'base64url'), { sizeBytesMax: SIZE_BYTES_MAX });
    return isJsonObject(value) ? value : refuse('form');
  } catch (error) {
    if (isDomainError(error, 'JSON_MALFORMED')) return refuse('form');
    throw error;
  }
}

function text(claims: JsonObject, name: string): string {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : refuse(name);
}

function seconds(claims: JsonObject, name: string): number {
  const value = claims[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse(name);
}

function refuse(problem: string): never {
  throw new DomainError('PEER_TOKEN_INVALID', { problem });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
