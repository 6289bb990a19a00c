import { setTimeout as delay } from 'node:timers/promises';
import { BackPressure } from '../../src/kafka/back-pressure.js';

function make() {
  const state = { backlog: 0, isBroken: false, log: [] as string[], looks: 0 };
  const pressure = new BackPressure({
    backlog: async (atMost) => {
      state.looks++;
      if (state.isBroken) throw new Error('no database');
      return Math.min(state.backlog, atMost);
    },
    pause: () => state.log.push('pause'),
    resume: () => state.log.push('resume'),
    bounds: { max: 100, low: 50 },
  });
  return { state, pressure };
}

test('pauses above the bound, resumes below the lower one', async () => {
  const { state, pressure } = make();
  state.backlog = 100;
  await pressure.note(100);
  expect([state.log, pressure.paused]).toEqual([[], false]);
  state.backlog = 101;
  await pressure.note(10);
  expect([state.log, pressure.paused]).toEqual([['pause'], true]);
  state.backlog = 50;
  await delay(600);
  expect(pressure.paused).toBe(true);
  state.backlog = 49;
  await delay(600);
  expect([state.log, pressure.paused]).toEqual([['pause', 'resume'], false]);
});

test('looks ten times on the way to the bound, not after each batch', async () => {
  const { state, pressure } = make();
  for (let n = 0; n < 100; n++) await pressure.note(1);
  expect(state.looks).toBe(10);
});

test('a backlog that cannot be read is no reason to go on', async () => {
  const { state, pressure } = make();
  state.backlog = 101;
  await pressure.note(101);
  state.isBroken = true;
  await delay(600);
  expect(pressure.paused).toBe(true);
  state.isBroken = false;
  state.backlog = 0;
  await delay(600);
  expect(state.log).toEqual(['pause', 'resume']);
});

test('stopped, it resumes nothing', async () => {
  const { state, pressure } = make();
  state.backlog = 101;
  await pressure.note(101);
  state.backlog = 0;
  pressure.stop();
  await delay(600);
  expect(state.log).toEqual(['pause']);
});
