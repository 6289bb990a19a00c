/** Bytes as the driver takes them, also inside of arrays. */
export function bytea(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Columns of many rows as arrays, for `unnest`. */
export function columns<T, const C extends readonly ((row: T) => unknown)[]>(rows: readonly T[], ...pick: C): unknown[][] {
  return pick.map((of) => rows.map(of));
}
