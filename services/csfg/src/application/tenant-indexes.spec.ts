import { analyseStack, NORMALISER_VERSION } from '@stella/stack-fingerprint';
import type { Stack } from '../domain/stack.js';
import { limits } from '../limits.js';
import type { StackFacts, StackRepository } from './ports.js';
import { TenantIndexes } from './tenant-indexes.js';

const facts = { indexed: () => undefined } as unknown as StackFacts;

function stackOf(n: number, revision = n, version = NORMALISER_VERSION): Stack {
  const { trace, fingerprints } = analyseStack(`panic: x\n\ngoroutine 1 [running]:\nexample.com/a.f${n}()\n\t/s/a.go:1 +0x1\nexample.com/a.Run()\n\t/s/a.go:2 +0x1\n`);
  return {
    tenant: 'acme',
    id: n.toString(16).padStart(64, '0'),
    trace: { ...trace, normaliserVersion: version },
    fingerprints,
    incident: undefined,
    matchedIncident: undefined,
    revision: BigInt(revision),
    createTime: new Date(0),
  };
}

/** A repository of which only what an index reads exists; reads are as slow as the test says. */
class FakeStacks {
  readonly rows: Stack[] = [];
  reads = 0;
  running = 0;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  async changedSince(_tenant: string, revision: bigint, countMax: number): Promise<readonly Stack[]> {
    this.reads += 1;
    this.running += 1;
    expect(this.running).toBe(1);
    const seen = this.rows.filter((row) => row.revision > revision).toSorted((a, b) => Number(a.revision - b.revision));
    await this.gate;
    this.running -= 1;
    if (this.failure) throw this.failure;
    return seen.slice(0, countMax);
  }
}

function setUp() {
  const stacks = new FakeStacks();
  return { stacks, indexes: new TenantIndexes(stacks as unknown as StackRepository, facts) };
}

test('more than a batch is read whole', async () => {
  const { stacks, indexes } = setUp();
  for (let n = 1; n <= limits.batchStacks * 2; n += 1) stacks.rows.push(stackOf(n));
  expect(await (await indexes.current('acme')).size()).toBe(limits.batchStacks * 2);
  expect(stacks.reads).toBe(3);
});

test('who asks after a commit finds it, although a read was under way that did not see it', async () => {
  const { stacks, indexes } = setUp();
  stacks.rows.push(stackOf(1));
  const gate = Promise.withResolvers<void>();
  stacks.gate = gate.promise;
  const early = indexes.current('acme');
  while (stacks.reads === 0) await Promise.resolve();
  stacks.rows.push(stackOf(2));
  const late = indexes.current('acme').then((index) => index.size());
  gate.resolve();
  await early;
  expect(await late).toBe(2);
});

test('a hundred callers at once share their reads', async () => {
  const { stacks, indexes } = setUp();
  stacks.rows.push(stackOf(1));
  await Promise.all(Array.from({ length: 100 }, () => indexes.current('acme')));
  expect(stacks.reads).toBeLessThanOrEqual(2);
});

test('a failed read is the failure of those who waited for it, and of nobody after', async () => {
  const { stacks, indexes } = setUp();
  stacks.rows.push(stackOf(1));
  stacks.failure = new Error('connection lost');
  await expect(indexes.current('acme')).rejects.toThrow('connection lost');
  stacks.failure = undefined;
  expect(await (await indexes.current('acme')).size()).toBe(1);
});

test('a changed stack replaces its former state, and one that a newer process normalised is left out', async () => {
  const { stacks, indexes } = setUp();
  stacks.rows.push(stackOf(1), stackOf(2));
  const index = await indexes.current('acme');
  stacks.rows.splice(0, 1, { ...stackOf(1, 3), incident: 'incidents/a' });
  await indexes.current('acme');
  expect(await index.size()).toBe(2);
  stacks.rows.splice(1, 1, stackOf(2, 4, 'csfg-normaliser/999'));
  await indexes.current('acme');
  expect(await index.size()).toBe(1);
});

test('one tenant never waits for, or reads of, another', async () => {
  const { stacks, indexes } = setUp();
  stacks.rows.push(stackOf(1));
  const [a, b] = [await indexes.current('acme'), await indexes.current('other')];
  expect(a).not.toBe(b);
});
