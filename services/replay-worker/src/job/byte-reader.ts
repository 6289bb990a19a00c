import { DomainError } from '@stella/errors';

/** Takes so many bytes at a time from a stream of pieces. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** @throws DomainError REPLAY_RESULT_INVALID where there are fewer */
  async take(count: number): Promise<Buffer> {
    const pieces = [this.#rest];
    let have = this.#rest.length;
    while (have < count) {
      const next = await this.#pieces.next();
      if (next.done) throw new DomainError('REPLAY_RESULT_INVALID', { problem: 'cut off', missingBytes: String(count - have) });
      pieces.push(Buffer.from(next.value));
      have += next.value.byteLength;
    }
    const all = Buffer.concat(pieces);
    this.#rest = all.subarray(count);
    return all.subarray(0, count);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return true;
      this.#rest = Buffer.from(next.value);
    }
    return false;
  }
}
