/** The values used last, up to a number of bytes; one that is larger by itself is not kept. */
export class LruByBytes<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly sizeBytes: number }>();
  #sizeBytes = 0;

  constructor(private readonly sizeBytesMax: number) {}

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, sizeBytes: number): void {
    this.#drop(key);
    if (sizeBytes > this.sizeBytesMax) return;
    this.#entries.set(key, { value, sizeBytes });
    this.#sizeBytes += sizeBytes;
    // A Map walks in the order of insertion: the first was used longest ago.
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.sizeBytesMax) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#sizeBytes -= this.#entries.get(key)?.sizeBytes ?? 0;
    this.#entries.delete(key);
  }
}
