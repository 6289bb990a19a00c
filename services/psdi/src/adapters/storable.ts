/** PostgreSQL's text holds no NUL; names from hostile files may. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

/** Rows in pieces of one INSERT each. */
export function* batches<T>(rows: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}
