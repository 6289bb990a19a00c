import { KeyPair } from '@stella/attestation';
import { PRESET_NAMES } from '@stella/policy';
import { KEYS, NOW } from '../../test/support/installation.js';
import { Policies } from './policies.js';
import type { PolicyRepository, StoredPolicy } from './repositories.js';

class MemoryPolicies implements PolicyRepository {
  readonly stored: StoredPolicy[] = [];

  async newest(id: string): Promise<StoredPolicy | undefined> {
    return this.stored.filter((policy) => policy.id === id).sort((a, b) => b.version - a.version)[0];
  }

  async isKnown(sha256: string): Promise<boolean> {
    return this.stored.some((policy) => policy.sha256 === sha256);
  }

  async add(policy: StoredPolicy): Promise<void> {
    if (!this.stored.some(({ id, version }) => id === policy.id && version === policy.version)) this.stored.push(policy);
  }
}

const DAY_MS = 24 * 3_600_000;
const after = (days: number) => () => new Date(NOW.getTime() + days * DAY_MS);

test('the presets are issued once; a restart finds them', async () => {
  const repository = new MemoryPolicies();
  await new Policies(repository, KEYS.policy, after(0)).publish();
  await new Policies(repository, KEYS.policy, after(1)).publish();
  expect(repository.stored.map(({ id, version }) => [id, version])).toEqual(PRESET_NAMES.map((name) => [name, 1]));
});

test('one that ends soon is issued anew; one that has ended is none', async () => {
  const repository = new MemoryPolicies();
  await new Policies(repository, KEYS.policy, after(0)).publish();
  await expect(new Policies(repository, KEYS.policy, after(365)).get('standard')).rejects.toMatchObject({ reason: 'POLICY_EXPIRED' });
  await new Policies(repository, KEYS.policy, after(340)).publish();
  expect((await new Policies(repository, KEYS.policy, after(365)).get('standard')).set.document.version).toBe(2);
});

test('a stored document of another key, or under another name, is not taken', async () => {
  const repository = new MemoryPolicies();
  await new Policies(repository, KeyPair.generate('ed25519'), after(0)).publish();
  await expect(new Policies(repository, KEYS.policy, after(0)).get('standard')).rejects.toMatchObject({ reason: 'SIGNATURE_UNVERIFIED' });
  await new Policies(repository, KEYS.policy, after(0)).publish();
  const rebuild = (await repository.newest('rebuild')) as StoredPolicy;
  repository.stored.push({ ...rebuild, id: 'strict', version: 3 });
  await expect(new Policies(repository, KEYS.policy, after(0)).get('strict')).rejects.toMatchObject({ reason: 'POLICY_INVALID', facts: { actual: 'rebuild' } });
  await expect(new Policies(repository, KEYS.policy, after(0)).get('mine')).rejects.toMatchObject({ reason: 'POLICY_NOT_FOUND' });
});
