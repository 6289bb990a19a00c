import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { AttachedEvents } from '../attached-events.js';
import type { DeadLetterQuery } from '../dead-letter-view.js';
import type { Event, EventDraft } from '../event-bus.js';
import type { RetryPolicy } from '../limits.js';

/** What a suite needs of the adapter under test: two services, `a` which tells and `b` which hears. */
export interface EventBusHarness {
  readonly a: AttachedEvents;
  readonly b: AttachedEvents;
  /** A transaction of `a`. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  settle(timeoutMs?: number): Promise<void>;
  /** Makes the transport hand over once more everything that it handed over, as after a death before it was noted. */
  replay(): Promise<void>;
}

/** The test functions of the runner in use, so that the suite depends on none. */
export interface Runner {
  test(name: string, body: () => Promise<void>): void;
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

/** The adapter under test has to be set up with it. */
export const FAST_RETRY: RetryPolicy = { attemptsMax: 3, attemptsMaxWhenUnavailable: 8, pauseMs: 5, pauseMsMax: 20 };

const TOPIC = 'stella.demo.thing-done.v1alpha';
const OTHER = 'stella.demo.thing-undone.v1alpha';
const draft = (key: string, text: string, topic = TOPIC): EventDraft => ({ topic, tenant: 'acme', key, payload: Buffer.from(text) });
const textOf = (event: Event) => `${event.key}:${Buffer.from(event.payload).toString()}`;
const reasonOf = async (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Every carrier of events passes this. */
export function eventBusContract({ test, expect }: Runner, makeHarness: () => Promise<EventBusHarness>): void {
  test('what was appended arrives with all its attributes once its transaction commits, and never when it does not', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const seen: Event[] = [];
    b.subscribe({ topic: TOPIC }, { commit: async (event, inner) => inner.afterCommit(() => seen.push(event)) });
    await a.start();
    await b.start();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const rolledBack = tx(async (inner) => {
      await a.append(inner, draft('k', 'never'));
      throw new Error('no');
    });
    expect(await reasonOf(rolledBack)).toBe('no');
    await tx((inner) => a.append(inner, { ...draft('k', '\0\u00ff'), traceparent }));
    await settle();
    const [event] = seen;
    expect(seen.length).toBe(1);
    expect([event?.topic, event?.tenant, event?.key, event?.source, event?.traceparent]).toEqual([TOPIC, 'acme', 'k', '/stella/a', traceparent]);
    expect(Buffer.from(event?.payload ?? []).toString()).toBe('\0\u00ff');
    expect(/^[0-9a-f-]{36}$/.test(event?.id ?? '') && Math.abs(Date.now() - Number(event?.time)) < 60_000).toBe(true);
  });

  test('the events of a key are handled in order whatever fails, and keys do not wait for each other', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const seen: string[] = [];
    const failed = new Set<string>();
    b.subscribe({ topic: TOPIC }, {
      async commit(event, inner) {
        await pause(Math.random() * 3);
        if (!failed.has(event.id) && Math.random() < 0.3) {
          failed.add(event.id);
          throw new Error('once');
        }
        inner.afterCommit(() => seen.push(textOf(event)));
      },
    });
    await b.start();
    await a.start();
    for (let n = 0; n < 20; n++) for (const key of ['x', 'y', 'z']) await tx((inner) => a.append(inner, draft(key, String(n))));
    await settle();
    for (const key of ['x', 'y', 'z']) {
      expect(seen.filter((text) => text.startsWith(key))).toEqual(Array.from({ length: 20 }, (_, n) => `${key}:${n}`));
    }
  });

  test('a second hand-over has no second effect', async () => {
    const { a, b, tx, settle, replay } = await makeHarness();
    const seen: string[] = [];
    b.subscribe({ topic: TOPIC }, { commit: async (event, inner) => inner.afterCommit(() => seen.push(textOf(event))) });
    await a.start();
    await b.start();
    for (let n = 0; n < 5; n++) await tx((inner) => a.append(inner, draft('k', String(n))));
    await settle();
    await replay();
    await settle();
    expect(seen).toEqual(['k:0', 'k:1', 'k:2', 'k:3', 'k:4']);
  });

  test('a poisonous event is given up after its attempts, holds up nobody else, and can be delivered again', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const seen: string[] = [];
    let attempts = 0;
    let isPoison = true;
    b.subscribe({ topic: TOPIC }, {
      async commit(event, inner) {
        inner.afterCommit(() => seen.push(textOf(event)));
        if (textOf(event) !== 'bad:1' || !isPoison) return;
        attempts++;
        throw new Error('cannot be digested');
      },
    });
    await a.start();
    await b.start();
    for (const [key, text] of [['bad', '1'], ['good', '1'], ['bad', '2'], ['good', '2']] as const) await tx((inner) => a.append(inner, draft(key, text)));
    await settle();
    expect([...seen].sort()).toEqual(['bad:2', 'good:1', 'good:2']);
    expect(attempts).toBe(FAST_RETRY.attemptsMax);
    const [letter, ...more] = await b.deadLetters(10);
    expect(more.length).toBe(0);
    expect([letter?.consumer, letter?.attempts, letter?.event.key, letter?.error.includes('cannot be digested')]).toEqual(['b', FAST_RETRY.attemptsMax, 'bad', true]);
    isPoison = false;
    expect(await b.redeliver('0')).toBe(false);
    expect(await b.redeliver(letter?.id ?? '')).toBe(true);
    await settle();
    expect(seen.includes('bad:1')).toBe(true);
    expect((await b.deadLetters(10)).length).toBe(0);
    expect(await b.redeliver(letter?.id ?? '')).toBe(false);
  });

  test('a tenant looks through its own dead letters, page by page and by topic', async () => {
    const { a, b, tx, settle } = await makeHarness();
    for (const topic of [TOPIC, OTHER]) b.subscribe({ topic }, { commit: async () => Promise.reject(new DomainError('BLOB_NOT_FOUND', { sha256: 'x' })) });
    await a.start();
    await b.start();
    const drafts = [draft('1', 'a'), draft('2', 'b', OTHER), { ...draft('3', 'c'), tenant: 'other' }, draft('4', 'd'), draft('5', 'e')];
    for (const one of drafts) await tx((inner) => a.append(inner, one)).then(() => settle());
    const keysOf = async (query: Partial<DeadLetterQuery>) => (await b.deadLettersOf({ tenant: 'acme', limit: 10, ...query })).map(({ event }) => event.key);
    expect(await keysOf({})).toEqual(['1', '2', '4', '5']);
    expect(await keysOf({ topic: TOPIC })).toEqual(['1', '4', '5']);
    expect(await keysOf({ tenant: 'other' })).toEqual(['3']);
    expect(await keysOf({ tenant: 'nobody' })).toEqual([]);
    const [first] = await b.deadLettersOf({ tenant: 'acme', topic: TOPIC, limit: 1 });
    expect(await keysOf({ topic: TOPIC, after: first?.id, limit: 1 })).toEqual(['4']);
    for (const after of ['nonsense', 'outbox-x', '']) expect(await reasonOf(keysOf({ after }))).toBe('PAGE_TOKEN_INVALID');
    expect([first?.state, first?.consumer, first?.attempts, first?.redeliveries, first && b.isDeliverable(first)]).toEqual(['dead', 'b', FAST_RETRY.attemptsMax, 0, true]);
    expect(first?.error.startsWith('BLOB_NOT_FOUND: ')).toBe(true);
    expect(first?.payload).toEqual({ sizeBytes: 1, sha256: createHash('sha256').update('a').digest('hex') });
    expect(Number(first?.firstFailedAt) > 0 && Number(first?.firstFailedAt) <= Number(first?.lastFailedAt)).toBe(true);
    expect(first && b.isDeliverable({ ...first, consumer: 'gone' })).toBe(false);
  });

  test('one dead letter is shown with a payload that fits, to its tenant alone, and later with what became of it', async () => {
    const { a, b, tx, settle } = await makeHarness();
    let isMended = false;
    let effects = 0;
    b.subscribe({ topic: TOPIC }, {
      async commit(_event, inner) {
        if (!isMended) throw new Error('not yet');
        inner.afterCommit(() => effects++);
      },
    });
    await a.start();
    await b.start();
    await tx((inner) => a.append(inner, draft('k', 'text')));
    await settle();
    const [{ id = '' } = {}] = await b.deadLettersOf({ tenant: 'acme', limit: 1 });
    const textAt = async (bytesMax: number) => (await b.deadLetter(id, 'acme', bytesMax))?.bytes;
    expect(Buffer.from((await textAt(4)) ?? []).toString()).toBe('text');
    expect([await textAt(3), await b.deadLetter(id, 'other', 4), await b.deadLetter('0', 'acme', 4), await b.deadLetter("'", 'acme', 4)]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await b.redeliver(id)).toBe(true);
    await settle();
    const again = await b.deadLetter(id, 'acme', 4);
    expect([again?.state, again?.redeliveries, again?.attempts]).toEqual(['dead', 1, FAST_RETRY.attemptsMax]);
    isMended = true;
    await Promise.all([1, 2, 3].map(() => b.redeliver(id)));
    await settle();
    const after = await b.deadLetter(id, 'acme', 4);
    expect([after?.state, after?.redeliveries, after?.error, after?.bytes, after?.payload.sizeBytes, effects]).toEqual(['done', 2, '', undefined, 0, 1]);
    expect(await b.deadLettersOf({ tenant: 'acme', limit: 1 })).toEqual([]);
  });

  test('what was handled as it should be is no dead letter', async () => {
    const { a, b, tx, settle } = await makeHarness();
    b.subscribe({ topic: TOPIC }, { commit: async () => undefined });
    await a.start();
    await b.start();
    await tx((inner) => a.append(inner, draft('k', '1')));
    await settle();
    for (let id = 0; id < 5; id++) expect(await b.deadLetter(String(id), 'acme', 1)).toBe(undefined);
  });

  test('a handler that fails and then succeeds has its effect once, and the events after it theirs', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const seen: string[] = [];
    let attempts = 0;
    b.subscribe({ topic: TOPIC }, {
      async commit(event, inner) {
        inner.afterCommit(() => seen.push(textOf(event)));
        if (textOf(event) === 'k:1' && ++attempts < FAST_RETRY.attemptsMax) throw new Error('not yet');
      },
    });
    await a.start();
    await b.start();
    for (const text of ['1', '2', '3']) await tx((inner) => a.append(inner, draft('k', text)));
    await settle();
    expect(seen).toEqual(['k:1', 'k:2', 'k:3']);
    expect([attempts, (await b.deadLetters(10)).length]).toEqual([FAST_RETRY.attemptsMax, 0]);
  });

  test('a healthy service finds nothing wrong with its events', async () => {
    const { a, b, tx, settle } = await makeHarness();
    b.subscribe({ topic: TOPIC }, { commit: async () => undefined });
    await a.start();
    await b.start();
    await tx((inner) => a.append(inner, draft('k', '1')));
    await settle();
    expect([a.health(), b.health()]).toEqual([{ notReady: [], notLive: [] }, { notReady: [], notLive: [] }]);
  });

  test('every group gets every event of its topics, a group has one handler a topic', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const seen: string[] = [];
    const note = (group: string) => ({ commit: async (event: Event, inner: Tx) => inner.afterCommit(() => seen.push(`${group} ${textOf(event)}`)) });
    b.subscribe({ topic: TOPIC }, note('b'));
    b.subscribe({ topic: TOPIC, group: 'b-index' }, note('b-index'));
    b.subscribe({ topic: OTHER }, note('other'));
    a.subscribe({ topic: TOPIC }, note('a'));
    expect(await reasonOf((async () => b.subscribe({ topic: TOPIC }, note('twice')))())).toBe('EVENT_INVALID');
    await a.start();
    await b.start();
    await tx((inner) => a.append(inner, draft('k', '1')));
    await settle();
    expect([...seen].sort()).toEqual(['a k:1', 'b k:1', 'b-index k:1']);
  });

  test('no more keys at once than the subscription says, and another topic of the group is not held up', async () => {
    const { a, b, tx, settle } = await makeHarness();
    let now = 0;
    let most = 0;
    const quick: string[] = [];
    const release = Promise.withResolvers<void>();
    b.subscribe({ topic: TOPIC, concurrency: 2 }, {
      async prepare() {
        most = Math.max(most, ++now);
        await release.promise;
        now--;
      },
      commit: async () => undefined,
    });
    b.subscribe({ topic: OTHER }, { commit: async (event, inner) => inner.afterCommit(() => { quick.push(event.key); release.resolve(); }) });
    await a.start();
    await b.start();
    for (const key of ['p', 'q', 'r', 's']) await tx((inner) => a.append(inner, draft(key, '1')));
    while (now < 2) await pause(5);
    await tx((inner) => a.append(inner, draft('t', '1', OTHER)));
    await settle();
    expect([most, quick]).toEqual([2, ['t']]);
  });

  test('what was prepared outside of the transaction is handed in, and a failure between leaves no effect', async () => {
    const { a, b, tx, settle } = await makeHarness();
    const log: string[] = [];
    b.subscribe<number>({ topic: TOPIC }, {
      prepare: async (event) => {
        log.push(`prepare ${textOf(event)}`);
        return log.length;
      },
      async commit(_event, inner, prepared) {
        inner.afterCommit(() => log.push(`commit ${prepared}`));
        if (prepared === 1) throw new Error('the first time');
      },
    });
    await a.start();
    await b.start();
    await tx((inner) => a.append(inner, draft('k', '1')));
    await settle();
    expect(log).toEqual(['prepare k:1', 'prepare k:1', 'commit 2']);
  });

  test('what has no topic, tenant or key, or too many bytes, is refused at once', async () => {
    const { a, tx } = await makeHarness();
    const append = (change: Partial<EventDraft>) => reasonOf(tx((inner) => a.append(inner, { ...draft('k', '1'), ...change })));
    for (const bad of [{ topic: 'thing-done' }, { topic: 'stella.demo.Thing.v1' }, { tenant: '' }, { key: '' }, { key: 'é'.repeat(513) }, { traceparent: 'x' }]) expect(await append(bad)).toBe('EVENT_INVALID');
    expect(await append({ payload: Buffer.alloc((1 << 20) + 1) })).toBe('EVENT_TOO_LARGE');
    expect(await append({ payload: Buffer.alloc(1 << 20), key: 'é'.repeat(512) })).toBe('none');
  });
}
