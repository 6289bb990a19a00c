import { KeyPair, type KeyAlgorithm, type PublicKey, publicKeyFromPem } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { Secret } from '@stella/platform-config';
import { z } from 'zod';
import { SigningKey } from './signing-key.js';

const PUBLIC_KEYS_MAX = 32;
const PEM_PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;

/** `postgresql://role:password@host:port/database`; the whole of it is a secret. */
export const postgresUrl = () =>
  z.string().transform((text, context) => {
    const url = URL.parse(text);
    if (url && /^postgres(?:ql)?:$/.test(url.protocol) && url.username !== '' && url.pathname.length > 1) return new Secret(text);
    context.addIssue({ code: 'custom', message: 'postgresql://role:password@host:port/database is expected' });
    return z.NEVER;
  });

/** As it was given: of an issuer every character counts. */
export const httpUrl = () =>
  z.string().transform((text, context) => {
    const url = URL.parse(text);
    if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '') return text;
    context.addIssue({ code: 'custom', message: 'an http:// or https:// address without account, query and fragment is expected' });
    return z.NEVER;
  });

const PEER = /^(?:(?:dns:\/\/\/)?[^\s/,]+:\d{1,5}|ipv4:\d+(?:\.\d+){3}:\d{1,5}(?:,\d+(?:\.\d+){3}:\d{1,5})*)$/;

/** `host:port`; or several addresses among which calls are spread: all of a name by `dns:///host:port`, or `ipv4:1.2.3.4:1,1.2.3.4:2`. */
export const peerAddress = () => z.string().regex(PEER, 'host:port, dns:///host:port or ipv4:address:port,… is expected');

/** A private key as PKCS #8 PEM; shown by its fingerprint only. */
export const signingKey = (algorithm: KeyAlgorithm) =>
  z.string().transform((pem, context) => {
    const problem = `a PKCS #8 PEM of an ${algorithm === 'ed25519' ? 'Ed25519' : 'ECDSA P-256'} key is expected`;
    try {
      const pair = KeyPair.fromPem(pem);
      if (pair.algorithm === algorithm) return new SigningKey(pair);
    } catch (error) {
      if (!isDomainError(error, 'KEY_MALFORMED')) throw error;
    }
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });

/** Public keys as PEM, one after the other. */
export const publicKeys = () =>
  z.string().transform((text, context): readonly PublicKey[] => {
    const blocks = text.match(PEM_PUBLIC_KEY) ?? [];
    const isOnlyKeys = text.replace(PEM_PUBLIC_KEY, '').trim() === '';
    try {
      if (isOnlyKeys && blocks.length > 0 && blocks.length <= PUBLIC_KEYS_MAX) return blocks.map((block) => publicKeyFromPem(`${block}\n`));
    } catch (error) {
      if (!isDomainError(error, 'KEY_MALFORMED')) throw error;
    }
    context.addIssue({ code: 'custom', message: `1 to ${PUBLIC_KEYS_MAX} public keys (PEM), and nothing else, are expected` });
    return z.NEVER;
  });
