import { forkServer } from './fork-server.mjs';

/**
 * Two processes, one that tells and one that hears. Their clocks are one: CLOCK_MONOTONIC is the machine's.
 */
export class EventsPair {
  #teller;
  #hearer;
  #serial = 0;

  constructor(teller, hearer) {
    this.#teller = teller;
    this.#hearer = hearer;
  }

  /** @param {string} program of `parts/`, which takes a role and JSON @param {object} words @param {string} log its beginning */
  static async start(program, words, log) {
    const hearer = await forkServer(program, ['hear', JSON.stringify(words)], `${log}-hear.log`);
    const teller = await forkServer(program, ['tell', JSON.stringify(words)], `${log}-tell.log`);
    return new EventsPair(teller, hearer);
  }

  /** One after the other. @returns {Promise<number[]>} ms from the end of the telling's commit to the end of its handling */
  async pace(count, paceMs) {
    const { told, heard } = await this.#run({ count, paceMs, atOnce: 1, lanes: 1 });
    return told.map((at, index) => heard[index] - at);
  }

  /** As fast as they go. @returns {Promise<[number]>} events a second, from the first telling's begin to the last handling's end */
  async flood(count, atOnce, lanes) {
    const { beganAt, heard } = await this.#run({ count, paceMs: 0, atOnce, lanes });
    return [(count * 1_000) / (Math.max(...heard) - beganAt)];
  }

  async stop() {
    await this.#teller.stop();
    await this.#hearer.stop();
  }

  async #run({ count, ...how }) {
    const run = ++this.#serial;
    const heard = this.#hearer.ask({ run, count });
    // Of a telling that fails, that is what is to be known.
    heard.catch(() => undefined);
    const told = await this.#teller.ask({ run, count, ...how });
    return { ...told, heard: (await heard).heard };
  }
}
