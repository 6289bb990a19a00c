import { setTimeout as delay } from 'node:timers/promises';
import { type Chore, Housekeeping, type HousekeepingOptions } from './housekeeping.js';

/** Chores over heaps of rows, and what was reported. */
function house(heaps: Record<string, number>, options: Partial<HousekeepingOptions> = {}) {
  const told: string[] = [];
  const statements: string[] = [];
  const chores = Object.keys(heaps).map((what): Chore => ({
    what,
    async forget(rowsMax) {
      statements.push(what);
      const left = heaps[what] ?? 0;
      if (left < 0) throw new Error('away');
      const rows = Math.min(rowsMax, left);
      heaps[what] = left - rows;
      return rows;
    },
  }));
  const keeping = new Housekeeping(chores, { rowsMax: 10, statementsMax: 3, ...options, forgot: (what, rows) => told.push(`${what}: ${rows}`), failed: (what, error) => told.push(`${what}: ${(error as Error).message}`) });
  return { keeping, told, statements };
}
async function until(look: () => boolean): Promise<void> {
  while (!look()) await delay(2);
}

test('a pass takes rows away by bounded statements, as many as it may, and says whether something is left', async () => {
  const heaps = { few: 3, many: 100, none: 0 };
  const { keeping, told, statements } = house(heaps);
  expect([await keeping.pass(), heaps]).toEqual([false, { few: 0, many: 70, none: 0 }]);
  expect([told, statements]).toEqual([['few: 3', 'many: 30'], ['few', 'many', 'many', 'many', 'none']]);
  heaps.many = 20;
  expect([await keeping.pass(), heaps.many]).toEqual([true, 0]);
});

test('what fails is told, keeps nothing else from being done, and is tried again', async () => {
  const heaps = { broken: -1, whole: 5 };
  const { keeping, told } = house(heaps, { everyMs: 10 });
  keeping.start();
  keeping.start();
  await until(() => told.filter((each) => each === 'broken: away').length >= 2);
  expect([told[0], told[1], heaps.whole]).toEqual(['broken: away', 'whole: 5', 0]);
  heaps.broken = 4;
  await until(() => told.includes('broken: 4'));
  await keeping.stop();
});

test('a stop waits for the statement at work, and none follows', async () => {
  const gate = Promise.withResolvers<number>();
  let statements = 0;
  const told: string[] = [];
  const chore: Chore = { what: 'rows', forget: () => (statements++, gate.promise) };
  const keeping = new Housekeeping([chore, chore], { rowsMax: 10, everyMs: 1, forgot: (what, rows) => told.push(`${what}: ${rows}`), failed: () => undefined });
  keeping.start();
  let isStopped = false;
  const stopped = keeping.stop().then(() => (isStopped = true));
  await delay(20);
  expect(isStopped).toBe(false);
  gate.resolve(10);
  await stopped;
  await delay(20);
  expect([statements, told]).toEqual([1, ['rows: 10']]);
});
