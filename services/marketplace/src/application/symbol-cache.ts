import type { SymbolPlace } from './ports.js';

/** What files said of addresses, least recently asked for first out. A file never changes, so that nothing goes stale. */
export class SymbolCache {
  readonly #places = new Map<string, SymbolPlace | null>();

  constructor(private readonly entriesMax: number) {}

  /** `undefined`: not asked yet; `null`: the file has no name for it. */
  get(sha256: string, address: bigint): SymbolPlace | null | undefined {
    const key = keyOf(sha256, address);
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#places.delete(key);
    this.#places.set(key, place);
    return place;
  }

  set(sha256: string, address: bigint, place: SymbolPlace | undefined): void {
    this.#places.set(keyOf(sha256, address), place ?? null);
    if (this.#places.size <= this.entriesMax) return;
    const oldest = this.#places.keys().next();
    if (!oldest.done) this.#places.delete(oldest.value);
  }

  get size(): number {
    return this.#places.size;
  }
}

function keyOf(sha256: string, address: bigint): string {
  return `${sha256}${address.toString(16)}`;
}
