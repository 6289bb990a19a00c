import { KeyPair, publicKeyFromEd25519 } from '@stella/attestation';
import { asyncReasonOf, reasonOf } from '@stella/testing';
import { logSigner, witnessSigner } from '../test/support/logs.js';
import { formatVerifierKey, noteKey, parseVerifierKey } from './note-key.js';
import { encodeNote, type Note, parseNote, parseSignatureLines, signNote, verifyNote, withSignatures } from './note.js';

const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
const text = 'line one\n\nline three\n';
const signer = logSigner('acme.example/log');
const witness = witnessSigner('north.example/w1');
const signed = async (): Promise<Note> => ({ text, signatures: [await signNote(text, signer), await signNote(text, witness, 1_700_000_000)] });

test('the example of the signed-note specification', () => {
  const key = parseVerifierKey(EXAMPLE_KEY);
  expect(formatVerifierKey(key)).toBe(EXAMPLE_KEY);
  const note = parseNote(Buffer.from(EXAMPLE));
  expect(note.text).toBe('This is an example message.\n');
  expect(verifyNote(note, [key])).toEqual([{ key, timestampSeconds: undefined }]);
  expect(Buffer.from(encodeNote(note)).toString()).toBe(EXAMPLE);
});

test('text with empty lines, a signature and a cosignature read back', async () => {
  const note = parseNote(encodeNote(await signed()));
  expect(note.text).toBe(text);
  expect(verifyNote(note, [signer.key, witness.key])).toEqual([
    { key: signer.key, timestampSeconds: undefined },
    { key: witness.key, timestampSeconds: 1_700_000_000 },
  ]);
});

test('a cosignature covers its time', async () => {
  const note = await signed();
  const [, cosignature] = note.signatures;
  const later = Uint8Array.from(cosignature!.signature);
  later[7]! ^= 1;
  const forged = { text, signatures: [{ ...cosignature!, signature: later }] };
  expect(reasonOf(() => verifyNote(forged, [witness.key]))).toBe('TLOG_NOTE_UNVERIFIED');
  const short = { text, signatures: [{ ...cosignature!, signature: later.subarray(1) }] };
  expect(reasonOf(() => verifyNote(short, [witness.key]))).toBe('TLOG_NOTE_UNVERIFIED');
  const huge = { text, signatures: [{ ...cosignature!, signature: Buffer.concat([Buffer.alloc(8, 255), later.subarray(8)]) }] };
  expect(reasonOf(() => verifyNote(huge, [witness.key]))).toBe('TLOG_NOTE_UNVERIFIED');
  expect(await asyncReasonOf(() => signNote(text, witness))).toBe('TLOG_NOTE_MALFORMED');
});

test('attack 25: signatures of unknown keys are ignored, even with a known name or a known key id', async () => {
  const note = await signed();
  const [good] = note.signatures;
  const garbage = new Uint8Array(64);
  const noise = [
    { ...good!, name: 'other.example', signature: garbage },
    { ...good!, keyId: good!.keyId ^ 1, signature: garbage },
  ];
  expect(verifyNote({ text, signatures: [...noise, good!] }, [signer.key])).toHaveLength(1);
  expect(reasonOf(() => verifyNote({ text, signatures: noise }, [signer.key]))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('attack 25: a wrong signature under a known name and key id spoils the note, whatever else it bears', async () => {
  const note = await signed();
  const [good] = note.signatures;
  const collision = { ...good!, signature: await KeyPair.generate('ed25519').sign(Buffer.from(text)) };
  for (const signatures of [[collision, good!], [good!, collision], [collision]]) {
    expect(reasonOf(() => verifyNote({ text, signatures }, [signer.key]))).toBe('TLOG_NOTE_UNVERIFIED');
  }
});

test('two known keys that collide in name and key id: either may have signed', async () => {
  const [good] = (await signed()).signatures;
  const twin = { ...logSigner('acme.example/log').key, keyId: signer.key.keyId };
  expect(verifyNote({ text, signatures: [good!] }, [twin, signer.key]).map(({ key }) => key)).toEqual([signer.key]);
});

test('a key is reported once, with its latest time', async () => {
  const signatures = [await signNote(text, witness, 20), await signNote(text, witness, 30), await signNote(text, witness, 10)];
  expect(verifyNote({ text, signatures }, [witness.key])).toEqual([{ key: witness.key, timestampSeconds: 30 }]);
});

test('attack 25: a signature of one type does not pass as the other', async () => {
  const asLog = { ...witness, key: noteKey(witness.key.name, 'ed25519', witness.key.publicKey) };
  expect(asLog.key.keyId).not.toBe(witness.key.keyId);
  const plain = await signNote(text, asLog);
  const dressed = { ...plain, keyId: witness.key.keyId };
  expect(reasonOf(() => verifyNote({ text, signatures: [dressed] }, [witness.key]))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('adding signatures keeps each once', async () => {
  const note = await signed();
  expect(withSignatures(note, note.signatures).signatures).toHaveLength(2);
  expect(withSignatures(note, [await signNote(text, witness, 5)]).signatures).toHaveLength(3);
});

const line = '— a.example AAAAAAE=';
test.each([
  ['', 'no signatures'],
  ['text\n', 'no signatures'],
  ['text\n\n', 'no signatures'],
  [`text\n\n${line}`, 'last line not ended'],
  [`te\u0001xt\n\n${line}\n`, 'control character'],
  [`te\txt\n\n${line}\n`, 'control character'],
  [`text\r\n\n${line}\n`, 'control character'],
  ['text\n\n- a.example AAAAAAE=\n', 'wrong dash'],
  ['text\n\n— a+b AAAAAAE=\n', 'plus in the name'],
  ['text\n\n— a\u00a0b AAAAAAE=\n', 'space in the name'],
  ['text\n\n— a.example AAAAAA==\n', 'no signature after the key id'],
  ['text\n\n— a.example AAAAAAE\n', 'unpadded'],
  [`text\n\n${line}\nmore\n`, 'text after the signatures'],
  [`text\n\n${`${line}\n`.repeat(101)}`, 'too many'],
])('refuses %j (%s)', (bytes) => {
  expect(reasonOf(() => parseNote(Buffer.from(bytes)))).toBe('TLOG_NOTE_MALFORMED');
});

test('refuses bytes that are not UTF-8, and too many', () => {
  expect(reasonOf(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(EXAMPLE)])))).toBe('TLOG_NOTE_MALFORMED');
  expect(reasonOf(() => parseNote(new Uint8Array(1_000_001)))).toBe('TLOG_NOTE_MALFORMED');
});

test.each([
  'example.com/foo',
  'example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  'example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  'example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  'example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
])('refuses the verifier key %s', (vkey) => {
  expect(reasonOf(() => parseVerifierKey(vkey))).toBe('TLOG_NOTE_MALFORMED');
});

test('key names have neither spaces nor plus signs; only Ed25519 signs notes', () => {
  const { publicKey } = KeyPair.generate('ed25519');
  for (const name of ['', 'a b', 'a+b', 'a\u2003b', 'a\nb', '\ud800']) {
    expect(reasonOf(() => noteKey(name, 'ed25519', publicKey))).toBe('TLOG_NOTE_MALFORMED');
  }
  expect(reasonOf(() => noteKey('a', 'ed25519', KeyPair.generate('ecdsa-p256-sha256').publicKey))).toBe('KEY_MALFORMED');
  expect(publicKeyFromEd25519(Buffer.from(parseVerifierKey(EXAMPLE_KEY).publicKey.spki.subarray(12))).algorithm).toBe('ed25519');
});

test('a witness answers with signature lines alone', async () => {
  const lines = Buffer.from(encodeNote(await signed())).toString().split('\n\n').at(-1)!;
  expect(parseSignatureLines(lines)).toHaveLength(2);
});
