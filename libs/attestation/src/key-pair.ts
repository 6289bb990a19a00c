import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { DomainError } from '@stella/errors';
import { type KeyAlgorithm, type PublicKey, publicKeyFromSpki } from './keys.js';

/** Whatever can sign: a key in memory, or one in a key service. */
export interface Signer {
  /** The fingerprint of `publicKey`. */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: PublicKey;
  /** Ed25519: 64 bytes. P-256: DER. Both over the whole message, not over a digest of it. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A private key in memory. */
export class KeyPair implements Signer {
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;

  private constructor(
    private readonly privateKey: KeyObject,
    readonly publicKey: PublicKey,
  ) {
    this.keyId = publicKey.fingerprint;
    this.algorithm = publicKey.algorithm;
  }

  static generate(algorithm: KeyAlgorithm): KeyPair {
    const pair =
      algorithm === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return KeyPair.of(pair.privateKey);
  }

  /** @param pem unencrypted PKCS #8 (RFC 5958). @throws DomainError `KEY_MALFORMED` */
  static fromPem(pem: string): KeyPair {
    return KeyPair.of(importPrivateKey(pem));
  }

  /** PKCS #8: whoever reads it can sign. */
  toPem(): string {
    return this.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    const digest = this.algorithm === 'ed25519' ? null : 'sha256';
    return Promise.resolve(new Uint8Array(sign(digest, message, this.privateKey)));
  }

  private static of(privateKey: KeyObject): KeyPair {
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return new KeyPair(privateKey, publicKeyFromSpki(spki));
  }
}

function importPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' });
  } catch {
    // The cause is dropped on purpose: nothing about a private key may reach a log.
    throw new DomainError('KEY_MALFORMED', { problem: 'not a PKCS #8 private key' });
  }
}
