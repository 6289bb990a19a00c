import { limits } from '../limits.js';

export interface Position {
  readonly createTime: Date;
  readonly id: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; absent: this was the last. */
  readonly next: Position | undefined;
}

/** @param size 0: as many as we think fit */
export async function pageOf<T extends Position>(size: number, read: (countMax: number) => Promise<readonly T[]>): Promise<Page<T>> {
  const count = Math.min(size || limits.pageSizeDefault, limits.pageSizeMax);
  const found = await read(count + 1);
  const items = found.slice(0, count);
  const last = found.length > count ? items.at(-1) : undefined;
  return { items, next: last && { createTime: last.createTime, id: last.id } };
}
