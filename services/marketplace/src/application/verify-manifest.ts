import { publicKeyFromSpki, PREDICATE_TYPES, verifyStatement, type VerifiedStatement } from '@stella/attestation';
import { DomainError, isDomainError, type Reason } from '@stella/errors';
import { type Manifest, readManifest } from '../domain/manifest.js';
import { keyDefect, type PublisherKey } from '../domain/namespace.js';
import { limits } from '../limits.js';
import type { KeyRepository } from './ports.js';

export interface SignedManifest {
  readonly manifest: Manifest;
  readonly payloadDigest: string;
  readonly key: PublisherKey;
}

const BROKEN_ENVELOPE: readonly Reason[] = ['ENVELOPE_MALFORMED', 'ENVELOPE_PAYLOAD_TYPE_MISMATCH', 'SIGNATURE_UNVERIFIED', 'JSON_MALFORMED', 'JSON_NOT_CANONICAL'];
const BROKEN_STATEMENT: readonly Reason[] = ['STATEMENT_INVALID', 'PREDICATE_TYPE_MISMATCH'];

/** Reads a manifest from the very bytes that a registered key has signed. */
export class VerifyManifest {
  constructor(
    private readonly keys: KeyRepository,
    private readonly clock: () => Date,
  ) {}

  /**
   * @throws DomainError KEY_NOT_REGISTERED (the namespace has none), KEY_REVOKED, KEY_EXPIRED, PACK_SIGNATURE_INVALID,
   * PACK_MANIFEST_INVALID, and as `readManifest`
   */
  async execute(namespaceId: string, envelope: Uint8Array): Promise<SignedManifest> {
    const keys = await this.keys.list(namespaceId);
    if (keys.length === 0) throw new DomainError('KEY_NOT_REGISTERED', { namespace: namespaceId });
    const verified = verify(envelope, keys);
    const key = keys.find(({ fingerprint }) => fingerprint === verified.key.fingerprint);
    if (!key) throw new DomainError('KEY_NOT_REGISTERED', { namespace: namespaceId, key: verified.key.fingerprint });
    const defect = keyDefect(key, this.clock());
    if (defect) throw new DomainError(defect, { key: key.fingerprint });
    return { manifest: readManifest(verified.statement, namespaceId), payloadDigest: verified.payloadDigest, key };
  }
}

function verify(envelope: Uint8Array, keys: readonly PublisherKey[]): VerifiedStatement {
  try {
    const expected = { predicateType: PREDICATE_TYPES.packManifest, sizeBytesMax: limits.envelopeBytesMax };
    return verifyStatement(envelope, keys.map(({ spki }) => publicKeyFromSpki(spki)), expected);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const facts = { ...error.facts, problem: error.reason };
    if (BROKEN_ENVELOPE.includes(error.reason)) throw new DomainError('PACK_SIGNATURE_INVALID', facts, { cause: error });
    if (BROKEN_STATEMENT.includes(error.reason)) throw new DomainError('PACK_MANIFEST_INVALID', facts, { cause: error });
    throw error;
  }
}
