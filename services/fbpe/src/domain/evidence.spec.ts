import { encodeEnvelope, KeyPair, PREDICATE_TYPES, sha256Hex, signStatement } from '@stella/attestation';
import { parseDigestRecord } from '@stella/transparency-log';
import { signerOf, toLoggable } from './evidence.js';

const signer = KeyPair.generate('ed25519');
const digest = (n: number) => sha256Hex(Buffer.from(String(n)));
const evidence = (subjects: number, by = signer) =>
  signStatement({ subjects: Array.from({ length: subjects }, (_, n) => ({ name: `n${n}`, sha256: digest(n) })), predicateType: PREDICATE_TYPES.deltaProof, predicate: {} }, by);

test('a record names each subject once, in order', async () => {
  const input = { subjects: [2, 1, 2].map((n, at) => ({ name: `${at}`, sha256: digest(n) })), predicateType: PREDICATE_TYPES.verdict, predicate: {} };
  const loggable = toLoggable(await signStatement(input, signer), 'a.example', 1 << 20);
  expect(loggable.subjects).toEqual([digest(1), digest(2)].sort());
  expect(parseDigestRecord(loggable.record)).toMatchObject({ issuer: 'a.example', subjects: loggable.subjects, payloadDigest: loggable.payloadDigest });
});

test('two signatures of one payload are the same evidence', async () => {
  const ecdsa = KeyPair.generate('ecdsa-p256-sha256');
  const [a, b] = [toLoggable(await evidence(1, ecdsa), 'a', 1 << 20), toLoggable(await evidence(1, ecdsa), 'a', 1 << 20)];
  expect(a.envelopeSha256).not.toBe(b.envelopeSha256);
  expect([a.payloadDigest, Buffer.from(a.record).toString()]).toEqual([b.payloadDigest, Buffer.from(b.record).toString()]);
});

test('what does not fit into a leaf, or is larger than allowed, is refused', async () => {
  expect(() => toLoggable(new Uint8Array(), 'a', 1 << 20)).toThrow(expect.objectContaining({ reason: 'EVIDENCE_INVALID' }) as Error);
  const many = await evidence(901);
  expect(() => toLoggable(many, 'a', 1 << 20)).toThrow(expect.objectContaining({ reason: 'ENTRY_TOO_LARGE' }) as Error);
  expect(() => toLoggable(many, 'a', 1_000)).toThrow(expect.objectContaining({ reason: 'EVIDENCE_INVALID' }) as Error);
  const other = encodeEnvelope({ payloadType: 'text/plain', payload: Buffer.from('x'), signature: new Uint8Array(64) });
  expect(() => toLoggable(other, 'a', 1_000)).toThrow(expect.objectContaining({ reason: 'EVIDENCE_INVALID' }) as Error);
});

test('the signer is found among the keys, or not at all', async () => {
  const envelope = await evidence(1);
  expect(signerOf(envelope, [KeyPair.generate('ed25519').publicKey, signer.publicKey], 1 << 20)?.fingerprint).toBe(signer.keyId);
  expect(signerOf(envelope, [KeyPair.generate('ed25519').publicKey], 1 << 20)).toBeUndefined();
  expect(signerOf(envelope, [], 1 << 20)).toBeUndefined();
});
