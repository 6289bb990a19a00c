import { UNIT_KINDS, type UnitKind } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';

/** A function by what identifies it in any artifact. */
export interface FunctionIdentity {
  readonly unitId: string;
  readonly name: string;
  /** Hex. */
  readonly e1: string;
  readonly e2: string | undefined;
  readonly sizeBytes: number;
}

/** Every kind with its count, where a lifter names those that there are. @throws DomainError INDEX_INVALID when they are not all units */
export function unitsByKind(counts: Readonly<Record<string, number>>, units: number): Record<UnitKind, number> {
  const found = Object.fromEntries(UNIT_KINDS.map((kind) => [kind, counts[kind] ?? 0])) as Record<UnitKind, number>;
  const sum = Object.values(found).reduce((total, count) => total + count, 0);
  if (sum !== units) throw new DomainError('INDEX_INVALID', { unitsByKind: String(sum), units: String(units) });
  return found;
}
