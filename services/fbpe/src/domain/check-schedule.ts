/** Pause before a check or a pull that failed is made again: doubles each time, between half and all of it. */
export function pauseAfter(failures: number, firstMs: number, pauseMsMax: number, random: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 20), pauseMsMax) * (0.5 + random / 2);
}
