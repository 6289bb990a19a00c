import type { CliIo } from '@stella/cli';

/** Tells what happens, step by step, with the time that each step took. */
export class Story {
  #step = 0;

  constructor(
    private readonly io: CliIo,
    private readonly steps: number,
  ) {}

  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.#step += 1;
    this.io.stdout.write(`\n[${this.#step}/${this.steps}] ${title}\n`);
    const startedMs = this.io.now().getTime();
    const result = await work();
    this.say(`(${((this.io.now().getTime() - startedMs) / 1000).toFixed(1)} s)`);
    return result;
  }

  say(text: string): void {
    this.io.stdout.write(`${text.replaceAll(/^/gm, '      ')}\n`);
  }
}
