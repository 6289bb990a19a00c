import { atOnce } from './at-once.js';

test('every item is worked on, never more at once than allowed', async () => {
  let now = 0;
  let most = 0;
  const done: number[] = [];
  await atOnce([...Array(20).keys()], 3, async (item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    now--;
    done.push(item);
  });
  expect([done.sort((a, b) => a - b), most]).toEqual([[...Array(20).keys()], 3]);
  await atOnce([], 3, () => Promise.reject(new Error('nothing to do')));
});

test('a failure is thrown once what is at work has ended, and nothing new is begun', async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = atOnce([...Array(20).keys()], 2, async (item) => {
    begun.push(item);
    if (item === 3) throw new Error('third');
    await new Promise((resolve) => setTimeout(resolve, 2));
    ended++;
  });
  await expect(work).rejects.toThrow('third');
  expect(ended).toBe(begun.length - 1);
  expect(begun.length).toBeLessThan(7);
});
