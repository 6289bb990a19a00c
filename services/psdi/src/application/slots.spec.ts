import { setTimeout as delay } from 'node:timers/promises';
import { Slots } from './slots.js';

const never = new AbortController().signal;

test('no more than allowed run at once, in the order in which they came', async () => {
  const slots = new Slots(2, 100);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) => async (): Promise<void> => {
    order.push(n);
    most = Math.max(most, ++running);
    await delay(1);
    running--;
    if (n % 7 === 3) throw new Error('this one fails');
  };
  await Promise.allSettled(Array.from({ length: 30 }, (_, n) => slots.run(never, work(n))));
  expect(most).toBe(2);
  expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
  expect(await slots.run(never, async () => 'free')).toBe('free');
});

test('a full queue refuses, and who gives up makes room', async () => {
  const slots = new Slots(1, 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = slots.run(never, () => promise);
  const leaver = new AbortController();
  const waiting = slots.run(leaver.signal, async () => 'never');
  await expect(slots.run(never, async () => 1)).rejects.toMatchObject({ reason: 'LIFT_QUEUE_FULL', facts: { waitingMax: '1' } });
  leaver.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'CANCELLED' });
  const next = slots.run(never, async () => 'next');
  resolve();
  await first;
  expect(await next).toBe('next');
  await expect(slots.run(leaver.signal, async () => 1)).rejects.toMatchObject({ reason: 'CANCELLED' });
});
