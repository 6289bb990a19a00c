/** When something last gave a sign of life. */
export class Pulse {
  #atMs: number;

  constructor(private readonly now: () => number = () => Date.now()) {
    this.#atMs = now();
  }

  get atMs(): number {
    return this.#atMs;
  }

  get ageMs(): number {
    return this.now() - this.#atMs;
  }

  beat(): void {
    this.#atMs = this.now();
  }
}
