import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedEvents } from '@stella/platform-events';
import { demoDraft, effectsIn, recordEffect, TOPIC } from '@stella/platform-events/testing';
import { startDemoProcess } from './support/child.js';
import { DemoServices } from './support/demo-services.js';
import { type TestKafka, useKafka } from './support/kafka.js';
import { until } from './support/until.js';

const RECOVERY_MS_MAX = 30_000;
const KEYS = ['x', 'y', 'z'];
let kafka: TestKafka;
let services: DemoServices;

beforeAll(async () => {
  kafka = await useKafka();
  services = await DemoServices.create();
}, 600_000);
// Whatever a test left of the broker, it is there for the next one.
afterEach(() => kafka.start(), 600_000);
afterEach(() => services.clear(), 60_000);
afterAll(() => services?.stop(), 60_000);
afterAll(() => kafka?.clear(), 60_000);

const numbered = (key: string, count: number) => Array.from({ length: count }, (_, n) => `${key}:${n}`);

/** Rounds that may be appended and not handled: a busy machine works them off in the time that a test has. */
const AHEAD_MAX = 150;

/** Events of each key in turn, one after the other, until it is told to end. */
class Flow {
  appended = 0;
  #isOver = false;
  readonly #work: Promise<void>;

  constructor(private readonly events: AttachedEvents) {
    this.#work = this.#run();
  }

  async end(): Promise<number> {
    this.#isOver = true;
    await this.#work;
    return this.appended;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await delay(20);
      if (this.appended > (await handled()) / KEYS.length + AHEAD_MAX) continue;
      await services.a.tx(async (tx) => { for (const key of KEYS) await this.events.append(tx, demoDraft(key, String(this.appended))); });
      this.appended++;
    }
  }
}

const handled = async () => (await effectsIn(services.b)).length;

async function expectEachOnceInOrder(count: number): Promise<void> {
  const all = await effectsIn(services.b);
  expect(all).toHaveLength(count * KEYS.length);
  for (const key of KEYS) expect(all.filter((what) => what.startsWith(`${key}:`))).toEqual(numbered(key, count));
}

test.each([
  ['is killed with -9', () => kafka.kill()],
  ['is stopped', () => kafka.stop()],
])('a broker that %s while events flow, twice: none lost, none twice, in order, and it goes on by itself', async (how, end) => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  await Promise.all([a.start(), b.start()]);
  const flow = new Flow(a);
  const recoveriesMs: number[] = [];
  for (let round = 0; round < 2; round++) {
    const before = await handled();
    await until('events that flow', async () => (await handled()) > before + 30);
    await end();
    await delay(3_000);
    const kept = await handled();
    await kafka.start();
    const returnedMs = Date.now();
    await until('new events after the return', async () => (await handled()) > kept + 30, RECOVERY_MS_MAX);
    recoveriesMs.push(Date.now() - returnedMs);
  }
  const count = await flow.end();
  await settle();
  await expectEachOnceInOrder(count);
  expect([a.health(), b.health()]).toEqual([{ notReady: [], notLive: [] }, { notReady: [], notLive: [] }]);
  console.log(`the broker ${how}: ${count * KEYS.length} events, each once; flowing again ${recoveriesMs.join(' and ')} ms after its return`);
}, 600_000);

test('killed at the same time as a consumer process and the relay: what was appended arrives once', async () => {
  const connection = await kafka.space([TOPIC]);
  const words = { administrator: services.server.administrator, connection, handlingMs: 5 } as const;
  const { a } = services.process({ connection });
  const flow = new Flow(a);
  for (let round = 0; round < 2; round++) {
    const child = await startDemoProcess({ ...words, name: `round-${round}`, services: ['a', 'b'] });
    const before = await handled();
    await until('events that flow', async () => (await handled()) > before + 10);
    await Promise.all([kafka.kill(), child.kill('SIGKILL')]);
    await kafka.start();
  }
  const count = await flow.end();
  const last = services.process({ connection });
  last.b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  await Promise.all([last.a.start(), last.b.start()]);
  await last.settle();
  await expectEachOnceInOrder(count);
}, 600_000);

test('a service starts without a broker, keeps what it is told, and is neither dead nor slow to stop', async () => {
  const connection = await kafka.space([TOPIC]);
  await kafka.stop();
  const before = services.process({ connection });
  before.b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  await Promise.all([before.a.start(), before.b.start()]);
  for (const key of KEYS) await services.a.tx((tx) => before.a.append(tx, demoDraft(key, '0')));
  await delay(2_000);
  expect([before.a.health(), before.b.health()].map(({ notLive }) => notLive)).toEqual([[], []]);
  const startMs = Date.now();
  await Promise.all([before.a.stop(), before.b.stop()]);
  expect(Date.now() - startMs).toBeLessThan(9_000);
  const after = services.process({ connection });
  after.b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  await Promise.all([after.a.start(), after.b.start()]);
  await kafka.start();
  await until('the events', async () => (await handled()) === KEYS.length, RECOVERY_MS_MAX);
  await after.settle();
  await expectEachOnceInOrder(1);
}, 600_000);
