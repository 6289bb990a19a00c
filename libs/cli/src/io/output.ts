import { visible } from '../render/visible.js';
import type { CliIo } from './cli-io.js';

const CLEAR_LINE = '\r\u001b[2K';

/** What a command says: its answer on standard output; notes and progress on standard error. */
export class Output {
  #isProgressShown = false;

  constructor(
    private readonly io: Pick<CliIo, 'stdout' | 'stderr' | 'isTty'>,
    readonly isJson: boolean,
  ) {}

  /** The answer, once, as one JSON document or as text. */
  answer(json: unknown, text: () => string): void {
    this.clear();
    this.io.stdout.write(this.isJson ? `${JSON.stringify(json, replacer, 2)}\n` : `${visible(text())}\n`);
  }

  /** Something that whoever reads the answer has to know. */
  note(text: string): void {
    this.clear();
    this.io.stderr.write(`${visible(text)}\n`);
  }

  /** Shown on a terminal only; the next line takes its place. */
  progress(text: string): void {
    if (!this.io.isTty || this.isJson) return;
    this.io.stderr.write(`${CLEAR_LINE}${visible(text).replaceAll('\n', ' ')}`);
    this.#isProgressShown = true;
  }

  clear(): void {
    if (this.#isProgressShown) this.io.stderr.write(CLEAR_LINE);
    this.#isProgressShown = false;
  }
}

function replacer(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
