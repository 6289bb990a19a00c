const GAP = '  ';

/** Rows in aligned columns; a last column that is long does not widen the others. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === header.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(GAP).trimEnd();
  return all.map(line).join('\n');
}

/** `name  value` lines, values in one column; empty values are left out. */
export function facts(entries: readonly (readonly [name: string, value: string])[]): string {
  const shown = entries.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}`).join('\n');
}

export function indented(text: string): string {
  return text.split('\n').map((line) => `  ${line}`).join('\n');
}
