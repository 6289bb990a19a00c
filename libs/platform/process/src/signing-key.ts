import { inspect } from 'node:util';
import type { KeyPair } from '@stella/attestation';

/** A configured private key, which shows as its fingerprint. */
export class SigningKey {
  readonly #pair: KeyPair;

  constructor(pair: KeyPair) {
    this.#pair = pair;
  }

  get pair(): KeyPair {
    return this.#pair;
  }

  toString(): string {
    return `${this.#pair.algorithm} ${this.#pair.keyId}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
