import { ForgetOld } from './forget-old.js';

const NOW = new Date('2027-03-31T00:00:00Z');
const DAY_MS = 86_400_000;

test('progress goes when it is told to, news only when no verdict in force can rest on what was before them', async () => {
  const before: Record<string, Date> = {};
  const forgetter = (what: string) => ({ forgetBefore: async (time: Date) => void (before[what] = time) });
  await new ForgetOld(forgetter('news'), forgetter('evaluations'), 2 * DAY_MS, () => NOW).execute();
  expect(before).toEqual({ news: new Date(NOW.getTime() - 400 * DAY_MS), evaluations: new Date(NOW.getTime() - 2 * DAY_MS) });
});
