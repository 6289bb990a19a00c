import { createHash } from 'node:crypto';
import { DeadLetterServiceService, DeadLetterState } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { DomainError } from '@stella/errors';
import type { ServiceContext, StellaService } from '../src/index.js';
import { startTestRuntime, type TestRuntime } from '../src/testing.js';

const TOPIC = 'stella.demo.thing-done.v1alpha';
const OTHER = 'stella.demo.thing-undone.v1alpha';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const BIG = Buffer.alloc((64 << 10) + 1, 'x');
const failing = { hearer: true };
const effects: string[] = [];
let teller: ServiceContext;

function tellingService(): StellaService {
  return { name: 'teller', grpc: {}, wire: (context) => { teller = context; return { controllers: [], providers: [] }; } };
}

function hearingService(topics: readonly string[] = [TOPIC, OTHER]): StellaService {
  return {
    name: 'hearer',
    grpc: {},
    wire({ events }) {
      for (const topic of topics) {
        events.subscribe({ topic }, {
          async commit({ key }, tx) {
            if (failing.hearer) throw key === 'odd' ? new TypeError('a secret inside') : new DomainError('BLOB_DIGEST_MISMATCH', { sha256: 'abc' });
            tx.afterCommit(() => effects.push(key));
          },
        });
      }
      return { controllers: [], providers: [] };
    },
  };
}

const tell = (key: string, { topic = TOPIC, tenant = 'acme', payload = Buffer.from('text') } = {}) =>
  teller.database.tx((tx) => teller.events.append(tx, { topic, tenant, key, payload, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }));

let system: TestRuntime;
beforeAll(async () => {
  system = await startTestRuntime([tellingService(), hearingService()]);
  // One after the other, so that the order in which they are given up is known.
  for (const key of ['plain', 'odd', 'big']) await tell(key, key === 'big' ? { payload: BIG } : {}).then(() => system.settle());
  await Promise.all([tell('undone', { topic: OTHER }), tell('foreign', { tenant: 'umbrella' })]);
  await system.settle();
}, 90_000);
afterAll(() => system?.stop());

const lettersFor = (as: Parameters<TestRuntime['client']>[1] = {}) => system.client(DeadLetterServiceService, as);
const list = async (request = {}, as = {}) => (await lettersFor(as).listDeadLetters({ parent: 'services/hearer', eventType: '', pageSize: 0, pageToken: '', ...request }));
const nameOf = async (key: string) => (await list()).deadLetters.find((letter) => letter.key === key)?.name ?? '';

test('an operator sees what was given up in the service that is named, and why', async () => {
  const { deadLetters, nextPageToken } = await list();
  expect([deadLetters.map(({ key }) => key), nextPageToken]).toEqual([['plain', 'odd', 'big', 'undone'], '']);
  expect(deadLetters[0]).toMatchObject({
    name: expect.stringMatching(/^services\/hearer\/deadLetters\/\d+$/),
    state: DeadLetterState.DEAD_LETTER_STATE_DEAD,
    consumer: 'hearer',
    eventType: TOPIC,
    source: '/stella/teller',
    reason: 'BLOB_DIGEST_MISMATCH',
    error: expect.stringMatching(/abc/),
    attempts: 6,
    redeliveryCount: 0,
    traceId: TRACE,
    payloadSizeBytes: 4n,
    payloadSha256: createHash('sha256').update('text').digest('hex'),
    deliverable: true,
  });
  const { firstFailureTime, lastFailureTime } = deadLetters[0] ?? {};
  expect(Number(lastFailureTime)).toBeGreaterThan(Number(firstFailureTime));
  expect((await list({ parent: 'services/teller' })).deadLetters).toEqual([]);
});

test('an unexpected error tells nothing of its inside', async () => {
  const { deadLetters } = await list();
  expect(deadLetters[1]).toMatchObject({ key: 'odd', reason: 'INTERNAL', error: '' });
  expect(JSON.stringify(deadLetters, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('secret');
});

test('page by page, by type, and no token leads into another list', async () => {
  const first = await list({ pageSize: 2 });
  const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
  expect([first, second].map(({ deadLetters }) => deadLetters.map(({ key }) => key))).toEqual([['plain', 'odd'], ['big', 'undone']]);
  expect(second.nextPageToken).toBe('');
  expect((await list({ eventType: OTHER })).deadLetters.map(({ key }) => key)).toEqual(['undone']);
  for (const request of [{ eventType: TOPIC }, { parent: 'services/teller' }]) await expect(list({ ...request, pageToken: first.nextPageToken })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  await expect(list({ pageToken: first.nextPageToken }, { tenant: 'umbrella' })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  await expect(list({ pageToken: 'x' })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
});

test('a request that breaks its rules is refused', async () => {
  for (const request of [{ parent: 'hearer' }, { parent: 'services/' }, { parent: 'services/hearer/x' }, { pageSize: 1_001 }, { pageSize: -1 }, { eventType: 'x'.repeat(201) }, { pageToken: 'x'.repeat(1_025) }]) {
    await expect(list(request)).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  }
  for (const name of ['services/hearer/deadLetters/', "services/hearer/deadLetters/'", 'services/hearer/deadLetters/1/x', `services/hearer/deadLetters/${'1'.repeat(65)}`]) {
    await expect(lettersFor().getDeadLetter({ name })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    await expect(lettersFor().redeliverDeadLetter({ name })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  }
});

test('one with its payload, where that is small enough to show', async () => {
  expect(await lettersFor().getDeadLetter({ name: await nameOf('plain') })).toMatchObject({ deadLetter: { key: 'plain' }, payload: Buffer.from('text') });
  const big = await lettersFor().getDeadLetter({ name: await nameOf('big') });
  expect([big.deadLetter?.payloadSizeBytes, big.payload]).toEqual([BigInt(BIG.length), undefined]);
});

describe('who may', () => {
  test.each(['contributor', 'maintainer', 'moderator', 'auditor'] as const)('a %s may not', async (role) => {
    const letters = lettersFor({ roles: [role] });
    const name = await nameOf('plain');
    for (const call of [list({}, { roles: [role] }), letters.getDeadLetter({ name }), letters.redeliverDeadLetter({ name })]) await expect(call).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    expect((await lettersFor().getDeadLetter({ name })).deadLetter?.redeliveryCount).toBe(0);
  });

  test('an operator of another tenant sees that one’s, and can neither see nor move ours', async () => {
    const theirs = lettersFor({ tenant: 'umbrella' });
    expect((await list({}, { tenant: 'umbrella' })).deadLetters.map(({ key }) => key)).toEqual(['foreign']);
    const name = await nameOf('plain');
    for (const call of [theirs.getDeadLetter({ name }), theirs.redeliverDeadLetter({ name })]) await expect(call).rejects.toMatchObject({ reason: 'DEAD_LETTER_NOT_FOUND' });
    expect((await lettersFor().getDeadLetter({ name })).deadLetter?.state).toBe(DeadLetterState.DEAD_LETTER_STATE_DEAD);
  });
});

test('redelivered, it has its effect once, however often that is asked for', async () => {
  const name = await nameOf('plain');
  failing.hearer = false;
  const answers = await Promise.all([1, 2, 3].map(() => lettersFor().redeliverDeadLetter({ name })));
  for (const { deadLetter } of answers) expect([name, 1]).toEqual([deadLetter?.name, deadLetter?.redeliveryCount]);
  await system.settle();
  expect(await lettersFor().redeliverDeadLetter({ name })).toMatchObject({ deadLetter: { state: DeadLetterState.DEAD_LETTER_STATE_DONE, redeliveryCount: 1, reason: '', payloadSizeBytes: 0n } });
  await system.settle();
  expect(effects).toEqual(['plain']);
  expect((await list()).deadLetters.map(({ key }) => key)).toEqual(['odd', 'big', 'undone']);
  expect((await lettersFor().getDeadLetter({ name })).payload).toBeUndefined();
});

test('what is not there, or not here, has its own error', async () => {
  const letters = lettersFor();
  for (const id of ['999999', 'outbox-999999', 'nonsense']) {
    const name = `services/hearer/deadLetters/${id}`;
    for (const call of [letters.getDeadLetter({ name }), letters.redeliverDeadLetter({ name })]) await expect(call).rejects.toMatchObject({ reason: 'DEAD_LETTER_NOT_FOUND', facts: { service: 'hearer', id } });
  }
  await expect(list({ parent: 'services/psdi' })).rejects.toMatchObject({ reason: 'SERVICE_NOT_HERE', facts: { service: 'psdi' } });
});

test('in a process with one service: the same, but for an event that nobody handles any more', async () => {
  const name = await nameOf('undone');
  const { database, issuer } = system;
  const alone = await startTestRuntime([hearingService([TOPIC])], { database, issuer });
  try {
    const letters = alone.client(DeadLetterServiceService);
    const { deadLetters } = await letters.listDeadLetters({ parent: 'services/hearer', eventType: '', pageSize: 0, pageToken: '' });
    expect(deadLetters.map(({ key, deliverable }) => [key, deliverable])).toEqual([['odd', true], ['big', true], ['undone', false]]);
    await expect(letters.redeliverDeadLetter({ name })).rejects.toMatchObject({ reason: 'DEAD_LETTER_UNDELIVERABLE', facts: { topic: OTHER, consumer: 'hearer' } });
    await expect(letters.listDeadLetters({ parent: 'services/teller', eventType: '', pageSize: 0, pageToken: '' })).rejects.toMatchObject({ reason: 'SERVICE_NOT_HERE' });
    expect((await letters.getDeadLetter({ name })).deadLetter?.state).toBe(DeadLetterState.DEAD_LETTER_STATE_DEAD);
  } finally {
    await alone.stop();
  }
});
