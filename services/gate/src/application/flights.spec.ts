import { DomainError } from '@stella/errors';
import { Flights } from './flights.js';

interface Event {
  readonly name: string;
  readonly value: number;
}

const never = new AbortController().signal;
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Work that the test moves on. */
function scripted() {
  let emit!: (event: Event) => void;
  let signal!: AbortSignal;
  let finish!: () => void;
  let fail!: (error: Error) => void;
  let starts = 0;
  const work = (given: typeof emit, abort: AbortSignal): Promise<void> => {
    starts += 1;
    [emit, signal] = [given, abort];
    return new Promise((resolve, reject) => {
      [finish, fail] = [resolve, reject];
      abort.addEventListener('abort', () => reject(abort.reason as Error));
    });
  };
  return { work, emit: (name: string, value: number) => emit({ name, value }), finish: () => finish(), fail: (error: Error) => fail(error), signal: () => signal, starts: () => starts };
}

async function all(events: AsyncIterable<Event>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { value } of events) seen.push(value);
  return seen;
}

test('followers see everything of it, whenever they come; of one name the newest', async () => {
  const flights = new Flights<Event>(2, 10_000);
  const flight = scripted();
  const first = all(flights.join('key', flight.work, never));
  flight.emit('index', 1);
  await tick();
  flight.emit('delta', 2);
  flight.emit('delta', 3);
  const late = all(flights.join('key', flight.work, never));
  flight.finish();
  expect(await first).toEqual([1, 3]);
  expect(await late).toEqual([1, 3]);
  expect(flight.starts()).toBe(1);
});

test('what the work throws, every follower hears; the next one begins anew', async () => {
  const flights = new Flights<Event>(2, 10_000);
  const flight = scripted();
  const both = [all(flights.join('key', flight.work, never)), all(flights.join('key', flight.work, never))];
  flight.fail(new DomainError('EVALUATION_FAILED'));
  for (const outcome of await Promise.allSettled(both)) expect(outcome).toMatchObject({ reason: { reason: 'EVALUATION_FAILED' } });
  const again = all(flights.join('key', flight.work, never));
  flight.finish();
  expect([await again, flight.starts()]).toEqual([[], 2]);
});

test('is given up with the last follower, also with one that never read; who comes then begins anew', async () => {
  const flights = new Flights<Event>(2, 10_000);
  const flight = scripted();
  const [reading, silent] = [new AbortController(), new AbortController()];
  const read = all(flights.join('key', flight.work, reading.signal));
  flights.join('key', flight.work, silent.signal);
  reading.abort();
  await expect(read).rejects.toMatchObject({ reason: 'CANCELLED' });
  expect(flight.signal().aborted).toBe(false);
  silent.abort();
  expect(flight.signal().reason).toMatchObject({ reason: 'CANCELLED' });
  const next = all(flights.join('key', flight.work, never));
  flight.finish();
  expect([await next, flight.starts()]).toEqual([[], 2]);
  await flights.landed();
});

test('has an end, and so many are under way at once', async () => {
  const counts: number[] = [];
  const flights = new Flights<Event>(1, 20, (count) => counts.push(count));
  const flight = scripted();
  const one = all(flights.join('one', flight.work, never));
  expect(() => flights.join('two', flight.work, never)).toThrow(expect.objectContaining({ reason: 'EVALUATIONS_TOO_MANY' }));
  await expect(one).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  expect(counts).toEqual([1, 0]);
});
