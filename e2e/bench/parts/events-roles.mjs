// What both programs of the benchmark of events share.
const KEYS = 50;

/** Of the machine's clock, the same in every process. */
export function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The events of a run, as many at once as it says. */
export function* draftsOf({ run, count, atOnce }) {
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
