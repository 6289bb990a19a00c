import { canonicalize } from './canonical-json.js';
import { encodeBase64 } from './base64.js';
import { parseEnvelope } from './dsse.js';
import type { PublicKey } from './keys.js';

export const SIGSTORE_BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * Wraps a DSSE envelope, with its signature unchanged, as a Sigstore bundle v0.3 (sigstore/protobuf-specs
 * sigstore_bundle.proto in proto3 JSON): a public key by hint and neither log entry nor time stamp.
 * The hint is base64 of the SHA-256 of the key's SPKI; verifiers use the key that their user gives them.
 */
export function toSigstoreBundle(envelopeBytes: Uint8Array, key: PublicKey): Uint8Array {
  const { payload, payloadType, signature } = parseEnvelope(envelopeBytes);
  return canonicalize({
    mediaType: SIGSTORE_BUNDLE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: Buffer.from(key.fingerprint, 'hex').toString('base64') } },
    dsseEnvelope: {
      payload: encodeBase64(payload),
      payloadType,
      // An empty keyid is the proto3 default and is therefore left out.
      signatures: [{ sig: encodeBase64(signature) }],
    },
  });
}
