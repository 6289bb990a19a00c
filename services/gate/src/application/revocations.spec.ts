import type { Revocation } from '@stella/attestation';
import { KEYS, NOW, ORGANISATION, TRUST_ROOT, VERIFIER } from '../../test/support/installation.js';
import { MemoryRevocations } from '../../test/support/memory-revocations.js';
import { NO_FACTS } from '../../test/support/no-facts.js';
import { limits } from '../limits.js';
import { GateTrust } from './gate-trust.js';
import type { SignedList } from './repositories.js';
import { decidedAfter, Revocations } from './revocations.js';

const TENANT = 'acme';

const HOUR_MS = 3_600_000;
const entry = (id: string, change: Partial<Revocation> = {}): Revocation => ({ kind: 'candidate', id: id.repeat(64), reason: 'withdrawn', at: NOW, ...change });

function setUp() {
  const repository = new MemoryRevocations();
  const trust = new GateTrust(TRUST_ROOT, [], VERIFIER, { verdict: KEYS.verdict, policy: KEYS.policy, revocation: KEYS.revocation }, NOW);
  const listed: [string, number][] = [];
  let nowMs = NOW.getTime();
  const revocations = new Revocations(repository, KEYS.revocation, trust, { ...NO_FACTS, listed: (tenant, entries) => void listed.push([tenant, entries]) }, () => new Date(nowMs));
  const entries = repository.entriesOf(TENANT);
  return { repository, entries, listed, current: () => revocations.current(TENANT), pass: (ms: number) => (nowMs += ms) };
}

test('the same list is handed out until something is revoked: one version, one document, of one tenant', async () => {
  const { entries, current, pass } = setUp();
  const first = await current();
  expect(first.list).toMatchObject({ issuer: ORGANISATION, tenant: TENANT, version: 1, entries: [] });
  pass(HOUR_MS);
  expect(Buffer.from((await current()).signed.envelope).equals(first.signed.envelope)).toBe(true);
  entries.push(entry('a'));
  const second = await current();
  expect([second.list.version, second.list.entries.map(({ id }) => id)]).toEqual([2, ['a'.repeat(64)]]);
});

test('what was taken back again, later, is another list, though it is as long', async () => {
  const { entries, current } = setUp();
  entries.push(entry('a'));
  await current();
  entries[0] = entry('a', { at: new Date(NOW.getTime() + 1) });
  expect((await current()).list).toMatchObject({ version: 2, entries: [{ at: new Date(NOW.getTime() + 1) }] });
});

test('it is renewed at half its life, so that whoever fetches one has hours of use of it', async () => {
  const { current, pass } = setUp();
  await current();
  pass(12 * HOUR_MS);
  const { list } = await current();
  expect([list.version, list.validUntil.getTime() - NOW.getTime()]).toEqual([2, 36 * HOUR_MS]);
});

test('one signed by another key, or in the future, is not handed out', async () => {
  const { repository, current } = setUp();
  await current();
  for (const change of [{ signer: KEYS.stranger.keyId }, { issuedAt: new Date(NOW.getTime() + HOUR_MS) }]) {
    const last = repository.lists.get(TENANT) as SignedList;
    repository.lists.set(TENANT, { ...last, ...change });
    expect((await current()).list.version).toBe(last.version + 1);
  }
});

test('what is about verdicts that have all ended leaves the list; keys and policies never do', async () => {
  const { entries, current, pass } = setUp();
  entries.push(entry('a'), entry('b', { kind: 'key' }), entry('c', { kind: 'policy' }), entry('d', { kind: 'verdict' }), entry('e', { kind: 'question' }));
  const kinds = async () => (await current()).list.entries.map(({ kind }) => kind);
  expect(await kinds()).toEqual(['candidate', 'key', 'policy', 'verdict', 'question']);
  pass(limits.revocationsKeptMs - 1);
  expect(await kinds()).toEqual(['candidate', 'key', 'policy', 'verdict', 'question']);
  pass(limits.revocationListValidMs);
  expect(await kinds()).toEqual(['key', 'policy']);
  // As long as there may be a verdict that it takes back, on a clock that is a day slow.
  expect(limits.revocationsKeptMs).toBe(limits.verdictValidMs + 24 * HOUR_MS);
});

test('a list that is full is told beforehand, and is not cut short', async () => {
  const { entries, current, listed } = setUp();
  for (let at = 0; at < limits.revocationsListedMax; at++) entries.push(entry('a', { id: at.toString(16).padStart(64, '0') }));
  expect((await current()).list.entries).toHaveLength(limits.revocationsListedMax);
  entries.push(entry('f'));
  await expect(current()).rejects.toMatchObject({
    reason: 'REVOCATIONS_TOO_MANY',
    facts: { tenant: TENANT, entriesMax: String(limits.revocationsListedMax), oldestEndsAt: new Date(NOW.getTime() + limits.revocationsKeptMs).toISOString() },
  });
  expect(listed).toEqual([[TENANT, limits.revocationsListedMax], [TENANT, limits.revocationsListedMax + 1]]);
}, 60_000);

test('a verdict is decided after all that was taken back, whatever the clock shows', async () => {
  const { entries, current } = setUp();
  const later = new Date(NOW.getTime() + HOUR_MS);
  entries.push(entry('c', { at: later }), entry('q', { kind: 'question', id: 'd'.repeat(64), at: new Date(later.getTime() + 5) }));
  const { list } = await current();
  const after = (candidateSha256: string, question: string) => decidedAfter(list, { candidateSha256, question }, NOW).getTime();
  expect(after('c'.repeat(64), 'x')).toBe(later.getTime());
  expect(after('c'.repeat(64), 'd'.repeat(64))).toBe(later.getTime() + 5);
  expect(after('x', 'x')).toBe(NOW.getTime());
});
