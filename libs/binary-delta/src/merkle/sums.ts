import type { Leaf } from '../leaf.js';

/** What a root commits to beside the leaves themselves. */
export interface Sums {
  readonly units: number;
  /** Bytes of the artifact covered by the units. */
  readonly sizeBytes: number;
  /** Unresolved things in the units. */
  readonly unresolved: number;
  /** Bytes of units of kind `residual`: covered, but not understood. */
  readonly residualBytes: number;
}

export const NO_SUMS: Sums = { units: 0, sizeBytes: 0, unresolved: 0, residualBytes: 0 };
export const SUMS_BYTES = 32;

export function sumsOfLeaf(leaf: Leaf): Sums {
  return {
    units: 1,
    sizeBytes: leaf.size,
    unresolved: leaf.residual,
    residualBytes: leaf.kind === 'residual' ? leaf.size : 0,
  };
}

export function addSums(a: Sums, b: Sums): Sums {
  return {
    units: a.units + b.units,
    sizeBytes: a.sizeBytes + b.sizeBytes,
    unresolved: a.unresolved + b.unresolved,
    residualBytes: a.residualBytes + b.residualBytes,
  };
}

export function subtractSums(a: Sums, b: Sums): Sums {
  return {
    units: a.units - b.units,
    sizeBytes: a.sizeBytes - b.sizeBytes,
    unresolved: a.unresolved - b.unresolved,
    residualBytes: a.residualBytes - b.residualBytes,
  };
}

export function equalSums(a: Sums, b: Sums): boolean {
  return (
    a.units === b.units &&
    a.sizeBytes === b.sizeBytes &&
    a.unresolved === b.unresolved &&
    a.residualBytes === b.residualBytes
  );
}

/** Every sum is exact: above 2^53 a double would round, and two different trees could share a preimage. */
export function isExact(sums: Sums): boolean {
  return [sums.units, sums.sizeBytes, sums.unresolved, sums.residualBytes].every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** Four u64, big-endian, in the order of the interface. */
export function writeSums(into: Buffer, at: number, sums: Sums): void {
  writeU64(into, at, sums.units);
  writeU64(into, at + 8, sums.sizeBytes);
  writeU64(into, at + 16, sums.unresolved);
  writeU64(into, at + 24, sums.residualBytes);
}

function writeU64(into: Buffer, at: number, value: number): void {
  into.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  into.writeUInt32BE(value >>> 0, at + 4);
}
