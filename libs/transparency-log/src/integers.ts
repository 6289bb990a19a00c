import { DomainError } from '@stella/errors';

/**
 * Tree sizes and indexes are numbers below 2^53. Bit operators would truncate them to 32 bits, so that arithmetic is
 * done here by division.
 */
export const half = (n: number): number => Math.floor(n / 2);
export const isOdd = (n: number): boolean => n % 2 === 1;

/** The largest power of two below n, for n ≥ 2. */
export function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The smallest power of two that is at least n, for n ≥ 1. */
export function powerOfTwoFrom(n: number): number {
  let k = 1;
  while (k < n) k *= 2;
  return k;
}

/** @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` unless min ≤ value < 2^53 and value is whole */
export function requireWhole(name: string, value: number, min = 0): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new DomainError('TLOG_SIZE_OUT_OF_RANGE', { name, value: String(value), min: String(min) });
  }
}

/** Decimal ASCII without sign or leading zeroes, below 2^53; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
