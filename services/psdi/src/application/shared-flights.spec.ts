import { SharedFlights } from './shared-flights.js';

const never = new AbortController().signal;
const deferred = <T>() => Promise.withResolvers<T>();

test('who asks while the work is under way shares it; who asks later starts anew', async () => {
  const flights = new SharedFlights<number>();
  let runs = 0;
  const gate = deferred<void>();
  const work = async (): Promise<number> => {
    runs++;
    await gate.promise;
    return runs;
  };
  const both = [flights.join('a', never, work), flights.join('a', never, work)];
  const other = flights.join('b', never, async () => 99);
  gate.resolve();
  expect(await Promise.all([...both, other])).toEqual([1, 1, 99]);
  expect(await flights.join('a', never, work)).toBe(2);
});

test('a failure is everybody\'s, and is not kept', async () => {
  const flights = new SharedFlights<number>();
  const fails = async (): Promise<number> => Promise.reject(new Error('no'));
  const results = await Promise.allSettled([flights.join('a', never, fails), flights.join('a', never, fails)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flights.join('a', never, async () => 1)).toBe(1);
});

test('one who leaves leaves the others alone; when the last has left the work is told, and the next starts anew', async () => {
  const flights = new SharedFlights<string>();
  const [first, second] = [new AbortController(), new AbortController()];
  let told = 0;
  const work = (signal: AbortSignal) =>
    new Promise<string>((_, reject) =>
      signal.addEventListener('abort', () => {
        told++;
        reject(new Error('given up'));
      }),
    );
  const both = [flights.join('a', first.signal, work), flights.join('a', second.signal, work)];
  first.abort();
  await expect(both[0]).rejects.toMatchObject({ reason: 'CANCELLED' });
  expect(told).toBe(0);
  second.abort();
  await expect(both[1]).rejects.toMatchObject({ reason: 'CANCELLED' });
  expect(told).toBe(1);
  expect(await flights.join('a', never, async () => 'anew')).toBe('anew');
  await expect(flights.join('a', first.signal, async () => 'x')).rejects.toMatchObject({ reason: 'CANCELLED' });
});
