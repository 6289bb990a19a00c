import { asyncReasonOf, reasonOf } from '@stella/testing';
import { KeyPair } from './key-pair.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import {
  findCutOff,
  findRevocation,
  requireRevocationListNotOlder,
  type RevocationListInput,
  signRevocationList,
  verifyRevocationList,
} from './revocation-list.js';
import { plainDocument } from './signed-document.js';
import { signStatement } from './statement.js';
import type { TrustRootContent } from './trust-root-document.js';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const signer = KeyPair.generate('ed25519');
const partner = KeyPair.generate('ed25519');
const id = 'a'.repeat(64);
const trusted = (publicKey: typeof signer.publicKey, organisation: string) =>
  ({ name: organisation, publicKey, organisation, roles: ['revocation'], validFrom: day(1), validUntil: day(50) }) as const;
const root: TrustRootContent = {
  profile: 'production',
  version: 1,
  issuedAt: day(1),
  validUntil: day(60),
  keys: [trusted(signer.publicKey, 'acme.example'), trusted(partner.publicKey, 'north.example')],
  logs: [],
  witnesses: [],
  thresholds: [],
};
const list: RevocationListInput = {
  issuer: 'acme.example',
  tenant: 'acme',
  version: 4,
  issuedAt: day(2),
  validUntil: day(9),
  entries: [
    { kind: 'key', id, reason: 'lost', at: day(3) },
    { kind: 'key', id, reason: 'stolen', at: day(1) },
    { kind: 'verdict', id, reason: 'superseded', at: day(4) },
    { kind: 'candidate', id, reason: 'withdrawn', at: day(3) },
  ],
};
const verify = async (change: Partial<RevocationListInput>, { now = day(5), issuer = 'acme.example', key = signer } = {}) =>
  verifyRevocationList(await signRevocationList({ ...list, ...change }, key), root, { issuer, now });

test('reads back what was signed', async () => {
  expect(await verify({})).toMatchObject(list);
});

test('finds what is revoked, from the earliest time on', async () => {
  const verified = await verify({});
  expect(findRevocation(verified, 'key', id)?.reason).toBe('stolen');
  expect(findRevocation(verified, 'verdict', id)?.reason).toBe('superseded');
  expect(findRevocation(verified, 'policy', id)).toBeUndefined();
  expect(findRevocation(verified, 'key', 'b'.repeat(64))).toBeUndefined();
});

test('what was decided about a candidate before it was taken back is, and what was decided since is not', async () => {
  const verified = await verify({});
  expect(findCutOff(verified, 'candidate', id, new Date(day(3).getTime() - 1))?.reason).toBe('withdrawn');
  expect(findCutOff(verified, 'candidate', id, day(3))).toBeUndefined();
  expect(findCutOff(verified, 'question', id, day(1))).toBeUndefined();
  const again = await verify({ entries: [...list.entries, { kind: 'candidate', id, reason: 'refuted', at: day(2) }] });
  expect([day(1), day(2)].map((at) => findCutOff(again, 'candidate', id, at)?.reason)).toEqual(['withdrawn', 'withdrawn']);
});

test('attack 30: stale, of another issuer, or signed for another organisation', async () => {
  expect(await asyncReasonOf(() => verify({}, { now: day(9) }))).toBe('REVOCATION_LIST_STALE');
  expect(await asyncReasonOf(() => verify({}, { now: day(1) }))).toBe('REVOCATION_LIST_STALE');
  expect(await asyncReasonOf(() => verify({}, { issuer: 'north.example' }))).toBe('REVOCATION_LIST_INVALID');
  expect(await asyncReasonOf(() => verify({}, { key: partner }))).toBe('REVOCATION_LIST_INVALID');
  expect(await asyncReasonOf(() => verify({ issuer: 'south.example' }))).toBe('REVOCATION_LIST_INVALID');
  expect(await asyncReasonOf(() => verify({}, { key: KeyPair.generate('ed25519') }))).toBe('SIGNATURE_UNVERIFIED');
});

test('attack 29: a rolled-back list', async () => {
  const seen = await verify({});
  requireRevocationListNotOlder(seen, await verify({ version: 5 }));
  const older = await verify({ version: 3 });
  const twin = await verify({ entries: [] });
  expect(reasonOf(() => requireRevocationListNotOlder(seen, older))).toBe('REVOCATION_LIST_ROLLED_BACK');
  expect(reasonOf(() => requireRevocationListNotOlder(seen, twin))).toBe('REVOCATION_LIST_ROLLED_BACK');
});

test.each<[string, Partial<RevocationListInput>]>([
  ['an unknown kind', { entries: [{ kind: 'person' as never, id, reason: 'x', at: day(1) }] }],
  ['an id that is no digest', { entries: [{ kind: 'key', id: '*', reason: 'x', at: day(1) }] }],
  ['an entry without reason', { entries: [{ kind: 'key', id, reason: '', at: day(1) }] }],
  ['a validity that ends before it begins', { validUntil: day(2) }],
  ['version 0', { version: 0 }],
  ['a list of nobody', { tenant: '' }],
])('never signs %s', async (_what, change) => {
  expect(await asyncReasonOf(async () => signRevocationList({ ...list, ...change }, signer))).toBe('REVOCATION_LIST_INVALID');
});

test('the subject is the digest of the list and nothing else', async () => {
  const { document, digest } = plainDocument(
    { predicateType: PREDICATE_TYPES.revocationList, name: 'revocation-list', invalid: 'REVOCATION_LIST_INVALID' },
    { issuer: 'acme.example', tenant: 'acme', version: 1, issuedAt: day(2).toISOString(), validUntil: day(9).toISOString(), entries: [] },
  );
  const offer = async (subjects: { name: string; sha256: string }[]) =>
    verifyRevocationList(
      await signStatement({ subjects, predicateType: PREDICATE_TYPES.revocationList, predicate: document }, signer),
      root,
      { issuer: 'acme.example', now: day(5) },
    );
  const good = { name: 'revocation-list', sha256: digest };
  await offer([good]);
  for (const subjects of [[{ ...good, sha256: id }], [{ ...good, name: 'x' }], [good, { ...good, name: 'x' }]]) {
    expect(await asyncReasonOf(() => offer(subjects))).toBe('REVOCATION_LIST_INVALID');
  }
  expect(reasonOf(() => plainDocument({ predicateType: 'x:y', name: 'n', invalid: 'TRUST_ROOT_INVALID' }, []))).toBe('TRUST_ROOT_INVALID');
});
