import { canonicalize, PREDICATE_TYPES } from '@stella/attestation';
import { reasonOf } from '@stella/testing';
import { DIGEST_RECORD_TYPE, type DigestRecord, encodeDigestRecord, parseDigestRecord } from './digest-record.js';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
const record: DigestRecord = {
  issuer: 'acme.example',
  subjects: [a, b],
  predicateType: PREDICATE_TYPES.deltaProof,
  payloadDigest: 'c'.repeat(64),
  disclosure: 'full',
};
const plain = { type: DIGEST_RECORD_TYPE, ...record };

test('reads back; subjects are sorted and listed once', () => {
  expect(parseDigestRecord(encodeDigestRecord({ ...record, subjects: [b, a, b] }))).toEqual(record);
});

test('as many subjects as fit an entry', () => {
  const subjects = Array.from({ length: 900 }, (_, at) => at.toString(16).padStart(64, '0'));
  expect(encodeDigestRecord({ ...record, subjects }).length).toBeLessThanOrEqual(65_535);
  expect(reasonOf(() => encodeDigestRecord({ ...record, subjects: [...subjects, a] }))).toBe('TLOG_RECORD_INVALID');
});

test.each<[string, object]>([
  ['another type', { ...plain, type: 'x' }],
  ['no subject', { ...plain, subjects: [] }],
  ['subjects out of order', { ...plain, subjects: [b, a] }],
  ['a subject twice', { ...plain, subjects: [a, a] }],
  ['upper-case digits', { ...plain, payloadDigest: 'C'.repeat(64) }],
  ['an unknown disclosure', { ...plain, disclosure: 'some' }],
  ['an unknown member', { ...plain, payload: 'x' }],
  ['no issuer', { ...plain, issuer: '' }],
])('refuses %s', (_what, entry) => {
  expect(reasonOf(() => parseDigestRecord(canonicalize(entry)))).toBe('TLOG_RECORD_INVALID');
});

test('refuses what is not canonical JSON', () => {
  expect(reasonOf(() => parseDigestRecord(Buffer.from('entry')))).toBe('TLOG_RECORD_INVALID');
  expect(reasonOf(() => parseDigestRecord(Buffer.from(JSON.stringify(plain))))).toBe('TLOG_RECORD_INVALID');
});
