import { publicKeyToPem } from '@stella/attestation';
import { ComputingThread } from '../src/adapters/computing-thread.js';
import { ThreadComparer } from '../src/adapters/thread-comparer.js';
import { ThreadProofReader } from '../src/adapters/thread-proof-reader.js';
import { COMPARER_CONTRACT, madeIndex, PROOF_READER_CONTRACT, RememberingStore, SIGNER } from './support/comparer-contract.js';
import { InlineComparer } from './support/inline-comparer.js';
import { InlineProofReader } from './support/inline-proof-reader.js';

const facts = () => {
  const asked: string[] = [];
  return { asked: (cache: string, isHit: boolean) => void asked.push(`${cache} ${isHit}`), list: asked };
};

const threadOf = (heapBytesMax?: number): ComputingThread => new ComputingThread('psdi-test', { keys: [publicKeyToPem(SIGNER.publicKey)] }, heapBytesMax);

describe('where it is called', () => {
  test.each(Object.entries(COMPARER_CONTRACT))('%s', async (_, check) => {
    const store = new RememberingStore();
    await check({ comparer: new InlineComparer(store), store });
  });
  test.each(Object.entries(PROOF_READER_CONTRACT))('%s', (_, check) => check(new InlineProofReader([SIGNER.publicKey])));
});

describe('in a thread', () => {
  const store = new RememberingStore();
  const thread = threadOf();
  const comparer = new ThreadComparer(thread, store, facts());
  afterAll(() => thread.stop());

  test.each(Object.entries(COMPARER_CONTRACT))('%s', (_, check) => check({ comparer, store }));
  test.each(Object.entries(PROOF_READER_CONTRACT))('%s', (_, check) => check(new ThreadProofReader(thread)));

  test('what it has is counted', async () => {
    const own = facts();
    const counting = new ThreadComparer(thread, store, own);
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    [old, next].forEach((made) => store.put(made));
    await counting.compare(old.record, next.record);
    await counting.compare(old.record, next.record);
    expect(own.list).toEqual(['parsed false', 'parsed false', 'parsed true', 'parsed true']);
  });

  test('a thread that ends is one typed error, and the next comparison has a new one', async () => {
    const mortalThread = threadOf();
    const mortal = new ThreadComparer(mortalThread, store, facts());
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    [old, next].forEach((made) => store.put(made));
    const under = mortal.compare(old.record, next.record);
    await mortalThread.stop();
    await expect(under).rejects.toMatchObject({ reason: 'INTERNAL', facts: { thread: 'psdi-test' } });
    expect((await mortal.compare(old.record, next.record)).units).toHaveLength(1);
    await mortalThread.stop();
  });

  test('a thread whose memory runs out ends alone: that too is typed', async () => {
    const small = threadOf(40 << 20);
    const starving = new ThreadComparer(small, store, facts());
    // As many side records as there are functions, and each as long as a page.
    const bodies = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, `${i}`]));
    const sides = Object.keys(bodies).map((name) => ({ id: `fn:${name}`, calls: Array.from({ length: 400 }, (_, i) => `fn:${name}${i}`) }));
    const large = madeIndex(bodies, { sides });
    store.put(large);
    await expect(starving.compare(large.record, large.record)).rejects.toMatchObject({ reason: 'INDEX_TOO_LARGE', facts: { heapBytesMax: String(40 << 20) } });
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    [old, next].forEach((made) => store.put(made));
    expect((await starving.compare(old.record, next.record)).units).toHaveLength(1);
    await small.stop();
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
