/** Canonical encodings of points and signatures: what libraries accept differs, what is signed must not. */

const ED25519_P = 2n ** 255n - 19n;
const ED25519_L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** y of the points of order 8, up to sign; with 0, 1 and −1 these are all y of small order. */
const ED25519_Y_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  ED25519_P - 1n,
  ED25519_Y_ORDER_8,
  ED25519_P - ED25519_Y_ORDER_8,
]);
const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A reduced y (RFC 8032 section 5.1.3) that is not one of a small-order point, which would verify many messages. */
export function isCanonicalEd25519Point(point: Uint8Array): boolean {
  const y = littleEndian(point) & (2n ** 255n - 1n);
  return y < ED25519_P && !SMALL_ORDER_Y.has(y);
}

/** 64 bytes with S < L (RFC 8032 section 5.1.7). */
export function isCanonicalEd25519Signature(signature: Uint8Array): boolean {
  return signature.length === 64 && littleEndian(signature.subarray(32)) < ED25519_L;
}

/** DER (X.690) SEQUENCE of two minimal positive INTEGERs in 1…n−1 and nothing else. */
export function isCanonicalEcdsaSignature(signature: Uint8Array): boolean {
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2) return false;
  const r = readDerInteger(signature, 2);
  const s = r && readDerInteger(signature, r.end);
  return s !== undefined && s.end === signature.length;
}

function readDerInteger(bytes: Uint8Array, at: number): { readonly end: number } | undefined {
  const length = bytes[at + 1] ?? 0;
  const content = bytes.subarray(at + 2, at + 2 + length);
  if (bytes[at] !== 0x02 || length === 0 || content.length !== length) return undefined;
  const [first = 0, second = 0] = content;
  const negative = first >= 0x80;
  const padded = first === 0 && length > 1 && second < 0x80;
  if (negative || padded) return undefined;
  const value = BigInt(`0x${Buffer.from(content).toString('hex')}`);
  return value >= 1n && value < P256_N ? { end: at + 2 + length } : undefined;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
