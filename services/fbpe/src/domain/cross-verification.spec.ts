import { parseStatement, buildStatement, sha256Hex } from '@stella/attestation';
import { agreeingPartners, type AttributedVerification, crossVerificationStatement, readCrossVerification } from './cross-verification.js';

const OWN = new Set(['own-key']);
const said = (change: Partial<AttributedVerification> = {}): AttributedVerification => ({
  payloadDigest: sha256Hex(Buffer.from('x')),
  result: 'agrees',
  method: 'lift',
  relation: 'partner',
  organisation: 'a.example',
  keyFingerprint: 'key-a',
  sameOperator: false,
  ...change,
});
const count = (...all: AttributedVerification[]) => agreeingPartners(all, 'own.example', OWN);

test('partners are counted by organisation and by key', () => {
  const b = said({ organisation: 'b.example', keyFingerprint: 'key-b' });
  expect(count(said(), b)).toBe(2);
  // Attack case 27: one organisation with two keys, and one key of two organisations.
  expect(count(said(), said({ keyFingerprint: 'key-a2' }))).toBe(1);
  expect(count(said(), said({ organisation: 'b.example' }))).toBe(1);
  expect(count(said(), said(), said())).toBe(1);
});

test.each([
  ['a node of the same operator', { sameOperator: true }],
  ['one that says itself that it is of the same operator', { relation: 'same-operator' }],
  ['the own organisation', { organisation: 'own.example' }],
  ['the own key', { keyFingerprint: 'own-key' }],
  ['a check that everybody can make', { method: 'proof-check' }],
  ['what could not be checked', { result: 'cannot' }],
  ['a disagreement', { result: 'disagrees' }],
] as const)('%s never counts', (_name, change) => {
  expect(count(said(change))).toBe(0);
  expect(count(said(change), said({ organisation: 'c.example', keyFingerprint: 'key-c' }))).toBe(1);
});

test('who denies has no second vote that agrees', () => {
  expect(count(said({ result: 'disagrees' }), said({ keyFingerprint: 'key-a2' }), said({ organisation: 'b.example' }))).toBe(0);
});

test('the order in which they came makes no difference', () => {
  const all = [said(), said({ organisation: 'b.example' }), said({ organisation: 'c.example', keyFingerprint: 'key-c' }), said({ organisation: 'b.example', keyFingerprint: 'key-c' })];
  const counts = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]].map((order) => count(...order.map((at) => all[at] as AttributedVerification)));
  expect(new Set(counts).size).toBe(1);
});

test('a statement reads back as what was found, and names the payload and the artifacts', () => {
  const found = { payloadDigest: sha256Hex(Buffer.from('payload')), result: 'cannot', method: 'lift', relation: 'partner', reason: 'ARTIFACT_NOT_FOUND' } as const;
  const artifact = sha256Hex(Buffer.from('artifact'));
  const { subjects, predicate } = parseStatement(buildStatement(crossVerificationStatement(found, [artifact, found.payloadDigest])));
  expect(subjects).toEqual([{ name: 'payload', sha256: found.payloadDigest }, { name: 'artifact', sha256: artifact }]);
  expect(readCrossVerification(predicate)).toEqual(found);
  expect(() => readCrossVerification({ ...predicate, extra: 1 })).toThrow(expect.objectContaining({ reason: 'DOCUMENT_SHAPE_INVALID' }) as Error);
  expect(() => readCrossVerification({ ...predicate, result: 'probably' })).toThrow();
});
