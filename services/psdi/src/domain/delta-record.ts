import { hash } from 'node:crypto';
import { canonicalize } from '@stella/attestation';
import type { Delta, LifterIdentity, UnitClass, UnitKind } from '@stella/binary-delta';

export type UnitChange = UnitClass | 'identical';

export interface ChangeCount {
  readonly kind: UnitKind;
  readonly change: UnitChange;
  readonly count: number;
}

/** The comparison of two artifacts, as it is kept. */
export interface DeltaRecord {
  readonly tenant: string;
  readonly id: string;
  readonly baselineSha256: string;
  readonly candidateSha256: string;
  readonly lifterSha256: string;
  readonly counts: readonly ChangeCount[];
  /** Blobs: the envelopes of the proof and of the scope. */
  readonly proofSha256: string;
  readonly scopeSha256: string;
  readonly createTime: Date;
}

/** One unit that is not identical. */
export interface ChangedUnit {
  readonly unitId: string;
  readonly kind: UnitKind;
  readonly name: string;
  readonly change: UnitClass;
  readonly baselineSizeBytes: number;
  readonly candidateSizeBytes: number;
}

export interface ArtifactPair {
  readonly baselineSha256: string;
  readonly candidateSha256: string;
}

/** A delta is a function of its artifacts, lifter and rules, and so is its id: SHA-256 of their canonical JSON. */
export function deltaId({ baselineSha256, candidateSha256 }: ArtifactPair, { sha256, ruleset }: LifterIdentity): string {
  return hash('sha256', canonicalize({ baseline: baselineSha256, candidate: candidateSha256, lifter: sha256, ruleset }));
}

/** In the order of the proof. A pair of units goes by its older side. */
export function changedUnits(delta: Delta): ChangedUnit[] {
  return delta.units.flatMap(({ class: change, old, new: next }) => {
    const shown = (old ?? next)?.leaf;
    if (shown === undefined) return [];
    return [{ unitId: shown.id, kind: shown.kind, name: shown.name, change, baselineSizeBytes: old?.leaf.size ?? 0, candidateSizeBytes: next?.leaf.size ?? 0 }];
  });
}

/** Units by kind and change, those that are the same in both included. */
export function countChanges(units: readonly ChangedUnit[], baselineByKind: Readonly<Record<UnitKind, number>>): ChangeCount[] {
  const counts = new Map<string, { kind: UnitKind; change: UnitChange; count: number }>();
  const add = (kind: UnitKind, change: UnitChange, count: number): void => {
    const entry = counts.get(`${kind} ${change}`) ?? { kind, change, count: 0 };
    entry.count += count;
    counts.set(`${kind} ${change}`, entry);
  };
  for (const [kind, count] of Object.entries(baselineByKind)) add(kind as UnitKind, 'identical', count);
  for (const { kind, change } of units) {
    add(kind, change, 1);
    if (change !== 'added') add(kind, 'identical', -1);
  }
  return [...counts.values()].filter(({ count }) => count > 0);
}
