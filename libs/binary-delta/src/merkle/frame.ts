/**
 * A *frame* is a tree, or two trees, with the listed units cut out: what remains are the values of the regions that hold
 * no listed unit. Filled with listed leaves it gives back the root; one frame filled with the old leaves and with the new
 * ones gives both roots. That is the whole argument of a delta proof: the cut-out regions are the same 32-byte values in
 * both trees, so every unit that is not listed is equal in both.
 *
 * Binary form: the regions in the order of a depth-first walk from the top, left before right, each as
 *
 *     0                           no listed unit's key lies here, and no other unit
 *     1 ‖ key ‖ digest ‖ sums     no listed key, exactly one unit: its key, H(leaf bytes), sums
 *     2 ‖ value ‖ sums            no listed key, two units or more: the region's value and sums
 *     3                           listed keys, and no other unit: nothing follows
 *     4                           listed keys and other units: both halves follow
 *
 * with sums as LEB128 numbers (token 1 leaves out the count of units). Each set of units and list of keys has exactly
 * one frame, and no other bytes are accepted. A key given with token 1 must lie in its region: otherwise a unit could be
 * called absent by hiding it elsewhere.
 */
export const TOKEN = { empty: 0, leaf: 1, node: 2, closed: 3, open: 4 } as const;

/** The ranks [low, high) of sorted keys split at a bit: the first rank of the right half. */
export function splitAt(keys: readonly Uint8Array[], low: number, high: number, depth: number): number {
  let middle = low;
  while (middle < high && (((keys[middle] as Uint8Array)[depth >> 3]! >> (7 - (depth & 7))) & 1) === 0) middle++;
  return middle;
}
