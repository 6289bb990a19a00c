import { createLogger, Metrics } from '@stella/platform-telemetry';
import type { Database, Tx } from '@stella/platform-database';
import { Consumer } from '../src/consumer.js';
import type { Begun, Inbox, Received, Wanted } from '../src/inbox.js';
import { HEADS_BATCH, POLL_MS } from '../src/limits.js';
import type { EventSession } from '../src/session.js';

const TOPIC = 'stella.demo.thing-done.v1alpha';
const headOf = (key: string, n: number): Received => ({
  position: BigInt(n),
  attempts: 0,
  unended: 0,
  event: { id: String(n), source: '/stella/a', topic: TOPIC, tenant: 'acme', key, time: new Date(0), traceparent: undefined, payload: Buffer.alloc(0) },
});

/** A consumer whose inbox answers as the test says; nothing rings but the consumer itself. */
function start(inbox: { heads(): Received[]; begin(wanted: readonly Wanted[]): Pick<Begun, 'isStale'> & { begun: bigint[] } }, concurrency = 4) {
  const handled: bigint[] = [];
  const fake = {
    heads: async () => inbox.heads(),
    begin: async (_session: EventSession, wanted: readonly Wanted[]) => {
      const { begun, isStale } = inbox.begin(wanted);
      return { begun: new Set(begun), isStale, generation: 0 };
    },
    finish: async (_tx: Tx, position: bigint) => {
      handled.push(position);
      return true;
    },
  };
  const session = { generation: 0, unlock: () => undefined };
  const database = { tx: async (work: (tx: Tx) => Promise<void>) => work({} as Tx) };
  const consumer = new Consumer('b', {
    inbox: fake as unknown as Inbox,
    session: session as unknown as EventSession,
    database: database as unknown as Database,
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: new Metrics(),
  });
  consumer.add({ topic: TOPIC, concurrency, handler: { commit: async () => undefined } });
  consumer.start();
  return { consumer, handled };
}
async function within(ms: number, look: () => boolean): Promise<boolean> {
  for (const deadlineMs = Date.now() + ms; Date.now() < deadlineMs; await new Promise((resolve) => setTimeout(resolve, 2))) if (look()) return true;
  return false;
}

test('what was done with since it was read leads to another look at once, not at the next poll', async () => {
  const reads = [[headOf('k', 1)], [headOf('k', 2)]];
  const { consumer, handled } = start({
    heads: () => reads.shift() ?? [],
    begin: (wanted) => ({ begun: wanted.map(({ position }) => position).filter((position) => position === 2n), isStale: wanted.some(({ position }) => position === 1n) }),
  });
  expect(await within(POLL_MS - 500, () => handled.includes(2n))).toBe(true);
  await consumer.stop();
});

test('keys that had no room are begun in their turn, though those before them were read too late', async () => {
  const heads = Array.from({ length: 12 }, (_, n) => headOf(`k${n}`, n));
  let isRead = false;
  const { consumer, handled } = start({
    heads: () => (isRead ? [] : ((isRead = true), heads)),
    begin: (wanted) => ({ begun: wanted.map(({ position }) => position).filter((position) => position >= 8n), isStale: wanted.some(({ position }) => position < 8n) }),
  }, 2);
  expect(await within(POLL_MS - 500, () => handled.length === 4)).toBe(true);
  await consumer.stop();
});

test('what another process works on is not asked for again and again', async () => {
  let looks = 0;
  const { consumer } = start({
    heads: () => {
      looks++;
      return [headOf('k', 1)];
    },
    begin: () => ({ begun: [], isStale: false }),
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(looks).toBe(1);
  await consumer.stop();
});

test('as many keys as are read at a time are followed by the next ones', async () => {
  const heads = Array.from({ length: HEADS_BATCH + 1 }, (_, n) => headOf(`k${String(n).padStart(3, '0')}`, n));
  const left = [...heads];
  const { consumer, handled } = start({
    heads: () => left.splice(0, HEADS_BATCH),
    begin: (wanted) => ({ begun: wanted.map(({ position }) => position), isStale: false }),
  });
  expect(await within(10_000, () => handled.length === heads.length)).toBe(true);
  await consumer.stop();
});
