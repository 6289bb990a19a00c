import { type Leaf, type UnitIndex, UNIT_KINDS, type UnitKind } from '@stella/binary-delta';

/** A function by what identifies it in any artifact. */
export interface FunctionIdentity {
  readonly unitId: string;
  readonly name: string;
  /** Hex. */
  readonly e1: string;
  readonly e2: string | undefined;
  readonly sizeBytes: number;
}

export interface UnitSurvey {
  readonly functions: readonly FunctionIdentity[];
  readonly unitsByKind: Readonly<Record<UnitKind, number>>;
}

/** One pass over all units of an index: its functions, and how many units of each kind there are. */
export function surveyUnits({ set, sides }: UnitIndex): UnitSurvey {
  const unitsByKind = Object.fromEntries(UNIT_KINDS.map((kind) => [kind, 0])) as Record<UnitKind, number>;
  const functions: FunctionIdentity[] = [];
  for (let rank = 0; rank < set.size; rank++) {
    // The set has held each leaf against its form when it was built.
    const { id, kind, name, e1, size } = JSON.parse(set.leafBytes(rank).toString('utf8')) as Leaf;
    unitsByKind[kind]++;
    if (kind === 'function') functions.push({ unitId: id, name, e1, e2: sides.get(id)?.e2, sizeBytes: size });
  }
  return { functions, unitsByKind };
}
