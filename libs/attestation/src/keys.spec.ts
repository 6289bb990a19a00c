import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { reasonOf } from '@stella/testing';
import { sha256Hex } from './digest.js';
import { KeyPair } from './key-pair.js';
import {
  ed25519Bytes,
  publicKeyFingerprint,
  publicKeyFromEd25519,
  publicKeyFromPem,
  publicKeyFromSpki,
  publicKeyToPem,
  verifySignature,
} from './keys.js';

const ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256'] as const;
const message = Buffer.from('a message');

test.each(ALGORITHMS)('%s: signs, verifies, and survives PEM', async (algorithm) => {
  const pair = KeyPair.generate(algorithm);
  const again = KeyPair.fromPem(pair.toPem());
  expect(again.publicKey).toEqual(pair.publicKey);
  expect(pair.keyId).toBe(sha256Hex(pair.publicKey.spki));
  expect(publicKeyFingerprint(pair.publicKey.spki)).toBe(pair.keyId);
  const signature = await again.sign(message);
  expect(verifySignature(pair.publicKey, message, signature)).toBe(true);
  expect(verifySignature(pair.publicKey, Buffer.from('another'), signature)).toBe(false);
  expect(verifySignature(KeyPair.generate(algorithm).publicKey, message, signature)).toBe(false);
});

test.each(ALGORITHMS)('%s: public PEM is what other tools read and write', (algorithm) => {
  const { publicKey } = KeyPair.generate(algorithm);
  const pem = publicKeyToPem(publicKey);
  expect(createPublicKey(pem).export({ type: 'spki', format: 'pem' })).toBe(pem);
  expect(publicKeyFromPem(pem)).toEqual(publicKey);
  expect(publicKeyFromPem(pem.replaceAll('\n', '\r\n'))).toEqual(publicKey);
});

test.each(ALGORITHMS)('%s: flipping any bit of a signature breaks it', async (algorithm) => {
  const pair = KeyPair.generate(algorithm);
  const signature = await pair.sign(message);
  for (let bit = 0; bit < signature.length * 8; bit += 1) {
    const altered = Uint8Array.from(signature);
    altered[bit >> 3]! ^= 1 << (bit & 7);
    expect(verifySignature(pair.publicKey, message, altered)).toBe(false);
  }
});

test('Ed25519: raw bytes and back', () => {
  const { publicKey } = KeyPair.generate('ed25519');
  expect(publicKeyFromEd25519(ed25519Bytes(publicKey))).toEqual(publicKey);
  expect(reasonOf(() => ed25519Bytes(KeyPair.generate('ecdsa-p256-sha256').publicKey))).toBe('KEY_MALFORMED');
  expect(reasonOf(() => publicKeyFromEd25519(new Uint8Array(31)))).toBe('KEY_MALFORMED');
});

test('Ed25519: refuses S + L, and other lengths', async () => {
  const pair = KeyPair.generate('ed25519');
  const signature = Buffer.from(await pair.sign(message));
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  const malleated = Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ]);
  expect(verifySignature(pair.publicKey, message, malleated)).toBe(false);
  for (const length of [0, 32, 63]) {
    expect(verifySignature(pair.publicKey, message, signature.subarray(0, length))).toBe(false);
  }
  expect(verifySignature(pair.publicKey, message, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
});

const P = 2n ** 255n - 19n;
const Y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

test('Ed25519: refuses points of small order and coordinates that are not reduced', () => {
  // Doubling a point of order 8 gives y = 0, which on −x²+y² = 1+dx²y² means dy⁴ + 2y² = 1.
  const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
  expect((((d * Y8 ** 4n + 2n * Y8 ** 2n - 1n) % P) + P) % P).toBe(0n);
  const sign = 2n ** 255n;
  for (const y of [0n, 1n, P - 1n, Y8, P - Y8, P, P + 1n, P + 18n]) {
    for (const encoded of [y, y | sign]) {
      const raw = Buffer.from(encoded.toString(16).padStart(64, '0'), 'hex').reverse();
      expect(reasonOf(() => publicKeyFromEd25519(raw))).toBe('KEY_MALFORMED');
    }
  }
});

test('attack 27: one key has one encoding, so one fingerprint', () => {
  const { publicKey } = KeyPair.generate('ecdsa-p256-sha256');
  const spki = Buffer.from(publicKey.spki);
  const compressed = Buffer.concat([
    Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
    Buffer.of(2 + (spki[90]! & 1)),
    spki.subarray(27, 59),
  ]);
  expect(createPublicKey({ key: compressed, format: 'der', type: 'spki' }).asymmetricKeyType).toBe('ec');
  expect(reasonOf(() => publicKeyFromSpki(compressed))).toBe('KEY_MALFORMED');
  expect(reasonOf(() => publicKeyFromSpki(Buffer.concat([spki, Buffer.of(0)])))).toBe('KEY_MALFORMED');
  const longLength = Buffer.concat([Buffer.from('308159', 'hex'), spki.subarray(2)]);
  expect(reasonOf(() => publicKeyFromSpki(longLength))).toBe('KEY_MALFORMED');
});

test('refuses points off the curve, other algorithms, and text that is no PEM', () => {
  const spki = Buffer.from(KeyPair.generate('ecdsa-p256-sha256').publicKey.spki);
  spki[90]! ^= 1;
  expect(reasonOf(() => publicKeyFromSpki(spki))).toBe('KEY_MALFORMED');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  expect(reasonOf(() => publicKeyFromSpki(other.publicKey.export({ format: 'der', type: 'spki' })))).toBe('KEY_MALFORMED');
  expect(reasonOf(() => KeyPair.fromPem(other.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()))).toBe('KEY_MALFORMED');
  expect(reasonOf(() => publicKeyFromPem('ssh-ed25519 AAAA'))).toBe('KEY_MALFORMED');
  expect(reasonOf(() => KeyPair.fromPem('nonsense'))).toBe('KEY_MALFORMED');
});

test('changing the bytes that were passed in does not change the key', () => {
  const spki = Buffer.from(KeyPair.generate('ed25519').publicKey.spki);
  const key = publicKeyFromSpki(spki);
  spki.fill(0);
  expect(publicKeyFingerprint(key.spki)).toBe(key.fingerprint);
});

test('P-256: refuses BER, padding, negative and out-of-range integers', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKeyFromSpki(publicKey.export({ format: 'der', type: 'spki' }));
  const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
  const integer = (value: Buffer) => Buffer.concat([Buffer.of(2, value.length), value]);
  const sequence = (...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(0x30, body.length), body]);
  };
  const positive = (value: Buffer) => {
    const first = value.findIndex((byte) => byte !== 0);
    return value[first]! >= 0x80 ? Buffer.concat([Buffer.of(0), value.subarray(first)]) : value.subarray(first);
  };
  const [dr, ds] = [integer(positive(r)), integer(positive(s))];
  const n = Buffer.from('00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  expect(verifySignature(key, message, sequence(dr, ds))).toBe(true);
  const bad = [
    raw,
    Buffer.alloc(0),
    sequence(dr),
    sequence(),
    sequence(dr, ds, integer(Buffer.of(1))),
    Buffer.concat([sequence(dr, ds), Buffer.of(0)]),
    sequence(integer(Buffer.concat([Buffer.of(0), positive(r)])), ds),
    sequence(integer(Buffer.of(0)), ds),
    sequence(dr, integer(Buffer.of(0x80))),
    sequence(integer(n), ds),
    sequence(dr, Buffer.of(2, 0)),
    sequence(dr, Buffer.of(2, 5, 1)),
    sequence(dr, Buffer.of(4, 1, 1)),
  ];
  for (const signature of bad) expect(verifySignature(key, message, signature)).toBe(false);
});
