import type { Revocation } from '@stella/attestation';
import { KEYS, NOW, ORGANISATION, TRUST_ROOT, VERIFIER } from '../../test/support/installation.js';
import { GateTrust } from './gate-trust.js';
import type { RevocationRepository, SignedList } from './ports.js';
import { Revocations } from './revocations.js';

class MemoryRevocations implements RevocationRepository {
  entries: Revocation[] = [];
  list: SignedList | undefined;

  async count(): Promise<number> {
    return this.entries.length;
  }

  async last(): Promise<SignedList | undefined> {
    return this.list;
  }

  async next(sign: Parameters<RevocationRepository['next']>[0]): Promise<SignedList> {
    return (this.list = await sign((this.list?.version ?? 0) + 1, this.entries));
  }
}

const HOUR_MS = 3_600_000;
const entry = (id: string): Revocation => ({ kind: 'verdict', id: id.repeat(64), reason: 'withdrawn', at: NOW });

function setUp() {
  const repository = new MemoryRevocations();
  const trust = new GateTrust(TRUST_ROOT, [], VERIFIER, { verdict: KEYS.verdict, policy: KEYS.policy, revocation: KEYS.revocation }, NOW);
  let nowMs = NOW.getTime();
  const revocations = new Revocations(repository, KEYS.revocation, trust, () => new Date(nowMs));
  return { repository, revocations, pass: (ms: number) => (nowMs += ms) };
}

test('the same list is handed out until something is revoked: one version, one document', async () => {
  const { repository, revocations, pass } = setUp();
  const first = await revocations.current();
  expect(first.list).toMatchObject({ issuer: ORGANISATION, version: 1, entries: [] });
  pass(HOUR_MS);
  expect(Buffer.from((await revocations.current()).envelope).equals(first.envelope)).toBe(true);
  repository.entries.push(entry('a'));
  const second = await revocations.current();
  expect([second.list.version, second.list.entries.map(({ id }) => id)]).toEqual([2, ['a'.repeat(64)]]);
});

test('it is renewed at half its life, so that whoever fetches one has hours of use of it', async () => {
  const { revocations, pass } = setUp();
  await revocations.current();
  pass(12 * HOUR_MS);
  const { list } = await revocations.current();
  expect([list.version, list.validUntil.getTime() - NOW.getTime()]).toEqual([2, 36 * HOUR_MS]);
});

test('one signed by another key, or in the future, is not handed out', async () => {
  const { repository, revocations } = setUp();
  await revocations.current();
  for (const change of [{ signer: KEYS.stranger.keyId }, { issuedAt: new Date(NOW.getTime() + HOUR_MS) }]) {
    const version = repository.list?.version ?? 0;
    repository.list = { ...(repository.list as SignedList), ...change };
    expect((await revocations.current()).list.version).toBe(version + 1);
  }
});
