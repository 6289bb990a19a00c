import { DomainError } from '@stella/errors';
import type { UnitSide } from './compare/unit-index.js';
import { compareUtf8 } from './utf8-order.js';

/**
 * Side records as one blob: a line of canonical JSON (RFC 8785) each, sorted by id in UTF-8 order. The same records give
 * the same bytes whatever order they came in, so that a digest of the blob can be signed.
 */
export function packSides(sides: Iterable<UnitSide>): Buffer {
  const lines = [...sides].sort((a, b) => compareUtf8(a.id, b.id)).map(line);
  return Buffer.from(lines.join(''), 'utf8');
}

// The members in the canonical order; what else a lifter says of a unit is not compared, and so not kept.
function line({ address, calls, code, e2, id, instructions, minHash, shape, skeleton, unnamed, writable }: UnitSide): string {
  return `${JSON.stringify({ address, calls, code, e2, id, instructions, minHash, shape, skeleton, unnamed, writable })}\n`;
}

/** @throws INDEX_INVALID when the blob is not one that packSides wrote */
export function unpackSides(blob: Buffer): UnitSide[] {
  const sides: UnitSide[] = [];
  for (let start = 0; start < blob.length; ) {
    const end = blob.indexOf(10, start);
    if (end < 0) throw invalid('the last side record is cut');
    sides.push(parseSide(blob.toString('utf8', start, end)));
    start = end + 1;
  }
  return sides;
}

function parseSide(text: string): UnitSide {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('a side record is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || typeof (value as UnitSide).id !== 'string') throw invalid('a side record has no id');
  return value as UnitSide;
}

function invalid(why: string, cause?: unknown): DomainError {
  return new DomainError('INDEX_INVALID', { why }, cause === undefined ? {} : { cause });
}
