/**
 * Orders strings as their UTF-8 bytes are ordered (that is: by code point). UTF-16 order, which `<` uses, differs from
 * it only where a surrogate meets a code unit above the surrogates.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return lift(x) - lift(y);
  }
  return a.length - b.length;
}

function lift(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

export function isStrictlySorted(values: readonly string[]): boolean {
  for (let i = 1; i < values.length; i++) {
    if (compareUtf8(values[i - 1] as string, values[i] as string) >= 0) return false;
  }
  return true;
}
