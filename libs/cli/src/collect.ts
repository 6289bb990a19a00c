import { limits } from './limits.js';

export interface Collected<Item> {
  readonly items: readonly Item[];
  /** There were more. */
  readonly isCut: boolean;
}

/** The first items of a list. */
export async function collect<Item>(source: AsyncIterable<Item>, countMax: number = limits.rowsMax): Promise<Collected<Item>> {
  const items: Item[] = [];
  for await (const item of source) {
    if (items.length === countMax) return { items, isCut: true };
    items.push(item);
  }
  return { items, isCut: false };
}
