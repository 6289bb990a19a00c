import fc from 'fast-check';
import { asyncReasonOf, reasonOf, refusal } from '@stella/testing';
import { canonicalize } from './canonical-json.js';
import { encodeEnvelope, IN_TOTO_PAYLOAD_TYPE, pae, parseEnvelope, signEnvelope, verifyEnvelope } from './dsse.js';
import { KeyPair } from './key-pair.js';

const signer = KeyPair.generate('ed25519');
const other = KeyPair.generate('ecdsa-p256-sha256');
const payload = Buffer.from('{"a":1}');
const expected = { payloadType: IN_TOTO_PAYLOAD_TYPE };
const keys = [other.publicKey, signer.publicKey];
const verify = (envelope: Uint8Array) => verifyEnvelope(envelope, keys, expected);
const signed = async (message: Uint8Array, payloadType = IN_TOTO_PAYLOAD_TYPE) =>
  encodeEnvelope({ payloadType, payload, signature: await signer.sign(message) });

test('PAE counts bytes, not characters', () => {
  expect(Buffer.from(pae('té', Buffer.from('hé'))).toString()).toBe('DSSEv1 3 té 3 hé');
  expect(Buffer.from(pae('', new Uint8Array())).toString()).toBe('DSSEv1 0  0 ');
});

test.each([['ed25519'], ['ecdsa-p256-sha256']] as const)('%s: signs and verifies; returns the signed bytes and the key', async (algorithm) => {
  const pair = KeyPair.generate(algorithm);
  const envelope = await signEnvelope(IN_TOTO_PAYLOAD_TYPE, payload, pair);
  const verified = verifyEnvelope(envelope, [signer.publicKey, pair.publicKey], expected);
  expect(payload.equals(verified.payload)).toBe(true);
  expect(verified.key.fingerprint).toBe(pair.keyId);
  expect(verified.payloadDigest).toBe('015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862');
  const json = JSON.parse(Buffer.from(envelope).toString()) as { signatures: { keyid: string }[] };
  expect(json.signatures.map(({ keyid }) => keyid)).toEqual(['']);
});

test('attack 1: another payload type, signed as such', async () => {
  const envelope = await signEnvelope('application/json', payload, signer);
  expect(refusal(() => verify(envelope)).facts).toEqual({ expected: IN_TOTO_PAYLOAD_TYPE, actual: 'application/json' });
  expect(reasonOf(() => verify(envelope))).toBe('ENVELOPE_PAYLOAD_TYPE_MISMATCH');
});

test('attack 2: signature over PAE with another payload type', async () => {
  const envelope = await signed(pae('application/json', payload));
  expect(reasonOf(() => verify(envelope))).toBe('SIGNATURE_UNVERIFIED');
});

test('attack 3: signature over the raw payload', async () => {
  const envelope = await signed(payload);
  expect(reasonOf(() => verify(envelope))).toBe('SIGNATURE_UNVERIFIED');
});

test('attack 4: PAE over the base64 text', async () => {
  const envelope = await signed(pae(IN_TOTO_PAYLOAD_TYPE, Buffer.from(payload.toString('base64'))));
  expect(reasonOf(() => verify(envelope))).toBe('SIGNATURE_UNVERIFIED');
});

test('no trusted key, or only others', async () => {
  const envelope = await signEnvelope(IN_TOTO_PAYLOAD_TYPE, payload, signer);
  expect(refusal(() => verifyEnvelope(envelope, [], expected)).facts).toEqual({ keysTried: '0' });
  expect(reasonOf(() => verifyEnvelope(envelope, [other.publicKey], expected))).toBe('SIGNATURE_UNVERIFIED');
});

const sig = Buffer.alloc(64, 7).toString('base64');
const good = { payload: 'e30=', payloadType: 't', signatures: [{ keyid: '', sig }] };

test('reads an envelope whose signature has no keyid member', () => {
  expect(parseEnvelope(canonicalize({ ...good, signatures: [{ sig }] })).signature).toHaveLength(64);
});

test.each<[string, unknown]>([
  ['no object', []],
  ['a missing member', { payload: 'e30=', payloadType: 't' }],
  ['an unknown member', { ...good, extra: 1 }],
  ['an empty payload type', { ...good, payloadType: '' }],
  ['a payload type that is no text', { ...good, payloadType: 1 }],
  ['no signature', { ...good, signatures: [] }],
  ['two signatures', { ...good, signatures: [{ keyid: '', sig }, { keyid: '', sig }] }],
  ['signatures that are no list', { ...good, signatures: { keyid: '', sig } }],
  ['a signature that is no object', { ...good, signatures: ['x'] }],
  ['an unknown signature member', { ...good, signatures: [{ keyid: '', sig, cert: '' }] }],
  ['a keyid', { ...good, signatures: [{ keyid: 'a', sig }] }],
  ['a keyid that is null', { ...good, signatures: [{ keyid: false, sig }] }],
  ['a payload that is no text', { ...good, payload: 1 }],
  ['unpadded base64', { ...good, payload: 'e30' }],
  ['URL-safe base64', { ...good, payload: '_-8=' }],
  ['stray bits in base64', { ...good, payload: 'e31=' }],
  ['line feeds in base64', { ...good, payload: 'e3\n0=' }],
])('refuses an envelope with %s', (_what, envelope) => {
  expect(reasonOf(() => parseEnvelope(canonicalize(envelope)))).toBe('ENVELOPE_MALFORMED');
});

test('attack 20: a repeated member in the envelope, and any other spelling of it', () => {
  const text = Buffer.from(canonicalize(good)).toString();
  expect(reasonOf(() => parseEnvelope(Buffer.from(text.replace('{', '{"payload":"e30=",'))))).toBe('JSON_MALFORMED');
  expect(reasonOf(() => parseEnvelope(Buffer.from(`${text}\n`)))).toBe('JSON_NOT_CANONICAL');
  expect(reasonOf(() => parseEnvelope(canonicalize(good), 20))).toBe('JSON_MALFORMED');
});

test('a signer whose key does not match is found before anything is handed out', async () => {
  const broken = { keyId: other.keyId, algorithm: other.algorithm, publicKey: other.publicKey, sign: (m: Uint8Array) => signer.sign(m) };
  expect(await asyncReasonOf(() => signEnvelope('t', payload, broken))).toBe('SIGNER_ALGORITHM_MISMATCH');
});

test('every altered byte of an envelope is refused', async () => {
  const envelope = await signEnvelope(IN_TOTO_PAYLOAD_TYPE, payload, signer);
  for (let at = 0; at < envelope.length; at += 1) {
    const altered = Uint8Array.from(envelope);
    altered[at]! ^= 1;
    refusal(() => verify(altered));
  }
});

test('property: PAE of two different (type, payload) pairs is never the same', () => {
  const pair = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.uint8Array({ maxLength: 6 }));
  fc.assert(
    fc.property(pair, pair, ([typeA, bytesA], [typeB, bytesB]) => {
      const same = typeA === typeB && Buffer.compare(bytesA, bytesB) === 0;
      expect(Buffer.compare(pae(typeA, bytesA), pae(typeB, bytesB)) === 0).toBe(same);
    }),
  );
});
