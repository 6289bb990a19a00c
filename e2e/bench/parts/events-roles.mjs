// What both programs of the benchmark of events share.
import { setTimeout as delay } from 'node:timers/promises';

const KEYS = 50;

/** Of the machine's clock, the same in every process. */
function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * The events of a run, as many at once as it says, in as many lanes side by side.
 * @param {{ run: number, count: number, atOnce: number, lanes: number, paceMs: number }} request
 * @param {(drafts: { key: string, payload: Buffer }[]) => Promise<unknown>} tell
 * @param {{ isToldBefore?: boolean }} [options] `isToldBefore`: told when the sending begins, where there is no commit before it
 * @returns {Promise<{ beganAt: number, told: number[] }>} `told`: of each telling, in their order where there is one lane
 */
export async function tellEach(request, tell, { isToldBefore = false } = {}) {
  const drafts = draftsOf(request);
  const told = [];
  const beganAt = nowMs();
  const lane = async () => {
    for (const some of drafts) {
      const before = nowMs();
      await tell(some);
      told.push(isToldBefore ? before : nowMs());
      if (request.paceMs > 0) await delay(request.paceMs);
    }
  };
  await Promise.all(Array.from({ length: request.lanes }, lane));
  return { beganAt, told };
}

/** Of one generator each lane takes the next. */
function* draftsOf({ run, count, atOnce }) {
  for (let first = 0; first < count; first += atOnce) {
    yield Array.from({ length: Math.min(atOnce, count - first) }, (_, at) => ({ key: `key-${(first + at) % KEYS}`, payload: Buffer.from(`${run} ${first + at}`) }));
  }
}

/** When each event of a run was handled. */
export class Hearing {
  #run = 0;
  #heard = [];
  #missing = 0;
  #whole = Promise.withResolvers();

  of({ run, count }) {
    this.#run = run;
    this.#heard = new Array(count);
    this.#missing = count;
    this.#whole = Promise.withResolvers();
    return this.#whole.promise;
  }

  note(payload) {
    const [run, index] = Buffer.from(payload).toString().split(' ').map(Number);
    if (run !== this.#run || this.#heard[index] !== undefined) throw new Error(`event ${index} of run ${run} came twice or late`);
    this.#heard[index] = nowMs();
    if (--this.#missing === 0) this.#whole.resolve({ heard: this.#heard });
  }
}

/** Answers its parent until that lets go of it. */
export async function serve(answer, stop) {
  process.on('message', async ({ id, request }) => process.send({ id, answer: await answer(request) }));
  process.once('disconnect', async () => {
    await stop();
    process.exit(0);
  });
  process.send('ready');
}
