import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { NotifiedChanges } from '../src/adapters/notified-changes.js';

const FOREVER_MS = 3_600_000;
const NOBODY = new AbortController().signal;

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await startTestDatabase();
}, 60_000);
afterAll(() => testDatabase?.stop(), 30_000);

test('who waits in one process hears what another one has committed, and nothing else', async () => {
  const [one, other] = [await testDatabase.service('frvf'), await testDatabase.service('frvf')];
  const [here, there] = [new NotifiedChanges(one), new NotifiedChanges(other)];
  here.start();
  there.start();
  const heard: string[] = [];
  const wait = async (changes: NotifiedChanges, what: string, as: string): Promise<void> => {
    await changes.next(what, FOREVER_MS, NOBODY);
    heard.push(as);
  };
  // Beginning to listen wakes everybody once.
  await Promise.all([wait(here, 'first', 'here'), wait(there, 'first', 'there')]);
  heard.length = 0;
  const stop = new AbortController();
  const another = there.next('another', FOREVER_MS, stop.signal).then(() => heard.push('another'));
  const both = [wait(here, 'verifications/1', 'here'), wait(there, 'verifications/1', 'there')];
  await expect(one.tx(async (tx) => {
    await here.announce(tx, 'verifications/1');
    throw new Error('rolled back');
  })).rejects.toThrow('rolled back');
  await one.tx(async (tx) => {
    await here.announce(tx, 'verifications/1');
    expect(heard).toEqual([]);
  });
  await Promise.all(both);
  expect(heard.sort()).toEqual(['here', 'there']);
  stop.abort();
  await another;
  await Promise.all([here.stop(), there.stop()]);
});

test('a wait ends with its time', async () => {
  const changes = new NotifiedChanges(await testDatabase.service('frvf'));
  await changes.next('nothing', 1, NOBODY);
});
