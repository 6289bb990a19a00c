import { asyncReasonOf, reasonOf, refusal } from '@stella/testing';
import { canonicalize } from './canonical-json.js';
import { IN_TOTO_PAYLOAD_TYPE, signEnvelope } from './dsse.js';
import { KeyPair } from './key-pair.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import { buildStatement, parseStatement, requireSubject, signStatement, STATEMENT_TYPE, verifyStatement } from './statement.js';

const sha256 = 'a'.repeat(64);
const input = {
  subjects: [{ name: 'pkg:npm/%40esbuild/linux-x64@0.18.12', sha256 }],
  predicateType: PREDICATE_TYPES.deltaProof,
  predicate: { changed: 3, names: ['a', 'b'] },
};
const document = {
  _type: STATEMENT_TYPE,
  subject: [{ name: 'a', digest: { sha256 } }],
  predicateType: PREDICATE_TYPES.verdict,
  predicate: {},
};
const signer = KeyPair.generate('ed25519');
const expected = { predicateType: PREDICATE_TYPES.deltaProof };

test('what is built reads back', () => {
  expect(parseStatement(buildStatement(input))).toEqual(input);
});

test('signs, verifies and reads from the verified bytes', async () => {
  const envelope = await signStatement(input, signer);
  const verified = verifyStatement(envelope, [signer.publicKey], expected);
  expect(verified.statement).toEqual(input);
  expect(verified.key.fingerprint).toBe(signer.keyId);
  expect(Buffer.from(verified.payload).equals(buildStatement(input))).toBe(true);
});

test('attack 5: another predicate type; the one found is named', async () => {
  const envelope = await signStatement({ ...input, predicateType: PREDICATE_TYPES.stack }, signer);
  const error = refusal(() => verifyStatement(envelope, [signer.publicKey], { predicateType: PREDICATE_TYPES.verdict }));
  expect(error.reason).toBe('PREDICATE_TYPE_MISMATCH');
  expect(error.facts['actual']).toBe(PREDICATE_TYPES.stack);
});

test('attack 6: good signature, payload that does not parse', async () => {
  for (const payload of ['', 'not JSON', '{"_type":', '{}', '[]', 'null']) {
    const envelope = await signEnvelope(IN_TOTO_PAYLOAD_TYPE, Buffer.from(payload), signer);
    expect(['JSON_MALFORMED', 'STATEMENT_INVALID']).toContain(reasonOf(() => verifyStatement(envelope, [signer.publicKey], expected)));
  }
});

test.each<[string, unknown]>([
  ['no subject', []],
  ['no digest', [{ name: 'a' }]],
  ['an empty digest', [{ name: 'a', digest: {} }]],
  ['only sha1', [{ name: 'a', digest: { sha1: 'a'.repeat(40) } }]],
  ['sha256 beside another digest', [{ name: 'a', digest: { sha1: 'a'.repeat(40), sha256 } }]],
  ['a short digest', [{ name: 'a', digest: { sha256: 'a'.repeat(63) } }]],
  ['the same subject twice', [{ name: 'a', digest: { sha256 } }, { name: 'a', digest: { sha256 } }]],
  ['one good and one bad', [{ name: 'a', digest: { sha256 } }, { name: 'b' }]],
])('attack 10: refuses %s', (_what, subject) => {
  expect(reasonOf(() => parseStatement(canonicalize({ ...document, subject })))).toBe('STATEMENT_INVALID');
});

test('attack 11: a good statement about another artifact', () => {
  const statement = parseStatement(buildStatement(input));
  expect(requireSubject(statement, sha256).name).toBe('pkg:npm/%40esbuild/linux-x64@0.18.12');
  expect(reasonOf(() => requireSubject(statement, 'b'.repeat(64)))).toBe('SUBJECT_MISMATCH');
});

test('attack 13: upper-case hexadecimal', () => {
  const subject = [{ name: 'a', digest: { sha256: 'A'.repeat(64) } }];
  expect(reasonOf(() => parseStatement(canonicalize({ ...document, subject })))).toBe('STATEMENT_INVALID');
});

test.each<[string, object]>([
  ['Statement v0.1', { ...document, _type: 'https://in-toto.io/Statement/v0.1' }],
  ['an unknown member', { ...document, Subject_: [] }],
  ['no predicate type', { ...document, predicateType: '' }],
  ['a predicate type that is no URI', { ...document, predicateType: 'verdict' }],
  ['a predicate that is no object', { ...document, predicate: [] }],
  ['a name with a control character', { ...document, subject: [{ name: 'a\u0000', digest: { sha256 } }] }],
  ['a name with a bidirectional override', { ...document, subject: [{ name: 'a\u202eb', digest: { sha256 } }] }],
  ['a name that is too long', { ...document, subject: [{ name: 'a'.repeat(1025), digest: { sha256 } }] }],
  ['a name that is no text', { ...document, subject: [{ name: 5, digest: { sha256 } }] }],
])('refuses %s', (_what, statement) => {
  expect(reasonOf(() => parseStatement(canonicalize(statement)))).toBe('STATEMENT_INVALID');
});

test('refuses bytes that are not canonical, and too many of them', () => {
  const bytes = buildStatement(input);
  expect(reasonOf(() => parseStatement(Buffer.concat([bytes, Buffer.from('\n')])))).toBe('JSON_NOT_CANONICAL');
  expect(reasonOf(() => parseStatement(bytes, 10))).toBe('JSON_MALFORMED');
});

test('never signs what it would not read', async () => {
  expect(reasonOf(() => buildStatement({ ...input, subjects: [] }))).toBe('STATEMENT_INVALID');
  expect(reasonOf(() => buildStatement({ ...input, predicate: { share: 0.5 } }))).toBe('JSON_MALFORMED');
  expect(reasonOf(() => buildStatement({ ...input, predicate: { a: 1, A: 2 } }))).toBe('JSON_MALFORMED');
  expect(await asyncReasonOf(async () => signStatement({ ...input, predicate: { a: undefined } }, signer))).toBe('JSON_NOT_ENCODABLE');
});

test('size limits apply to the envelope', async () => {
  const envelope = await signStatement(input, signer);
  expect(reasonOf(() => verifyStatement(envelope, [signer.publicKey], { ...expected, sizeBytesMax: 100 }))).toBe('JSON_MALFORMED');
});
