/** Unsigned LEB128 of safe integers in their shortest form. */
export function writeVarint(into: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    into.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  into.push(rest);
}

/** The value and the offset after it; undefined when it is cut, too long for a safe integer, or not the shortest form. */
export function readVarint(bytes: Uint8Array, offset: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let at = offset; at < offset + 8; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      const isShortest = byte !== 0 || at === offset;
      return isShortest && Number.isSafeInteger(value) ? { value, next: at + 1 } : undefined;
    }
    scale *= 0x80;
  }
  return undefined;
}
