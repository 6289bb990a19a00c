import { ThreadComparer } from '../src/adapters/thread-comparer.js';
import { COMPARER_CONTRACT, madeIndex, RememberingStore } from './support/comparer-contract.js';
import { InlineComparer } from './support/inline-comparer.js';

const facts = () => {
  const asked: string[] = [];
  return { asked: (cache: string, isHit: boolean) => void asked.push(`${cache} ${isHit}`), list: asked };
};

describe('where it is called', () => {
  test.each(Object.entries(COMPARER_CONTRACT))('%s', async (_, check) => {
    const store = new RememberingStore();
    await check({ comparer: new InlineComparer(store), store });
  });
});

describe('in a thread', () => {
  const store = new RememberingStore();
  const comparer = new ThreadComparer(store, facts());
  afterAll(() => comparer.stop());

  test.each(Object.entries(COMPARER_CONTRACT))('%s', (_, check) => check({ comparer, store }));

  test('what it has is counted', async () => {
    const own = facts();
    const counting = new ThreadComparer(store, own);
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    [old, next].forEach((made) => store.put(made));
    try {
      await counting.compare(old.record, next.record);
      await counting.compare(old.record, next.record);
      expect(own.list).toEqual(['parsed false', 'parsed false', 'parsed true', 'parsed true']);
    } finally {
      await counting.stop();
    }
  });

  test('a thread that ends is one typed error, and the next comparison has a new one', async () => {
    const mortal = new ThreadComparer(store, facts());
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    [old, next].forEach((made) => store.put(made));
    const under = mortal.compare(old.record, next.record);
    await mortal.stop();
    await expect(under).rejects.toMatchObject({ reason: 'INTERNAL', facts: { thread: 'psdi-comparison' } });
    expect((await mortal.compare(old.record, next.record)).units).toHaveLength(1);
    await mortal.stop();
  });

  test('others have their turn while it compares', async () => {
    const bodies = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`f${i}`, `${i}`]));
    const [old, next] = [madeIndex(bodies), madeIndex({ ...bodies, f7: 'other' })];
    [old, next].forEach((made) => store.put(made));
    // Turns of the event loop, not time: where it ran in this thread there would be a few, at its awaits.
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const { units } = await comparer.compare(old.record, next.record);
    isOver = true;
    expect(units.map(({ unitId }) => unitId)).toEqual(['fn:f7']);
    expect(turns).toBeGreaterThan(20);
  });
});
