import type { Leaf, LiftIndexPredicate, VerifiedUnit } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { DeltaScope } from './delta-scope.js';
import type { BuildView, ChangedUnit, DeltaView, UnitSide } from './delta-view.js';

interface Index {
  readonly root: string;
  readonly toolchain: LiftIndexPredicate['toolchain'];
}

export interface DeltaStatements {
  readonly baseline: Index;
  readonly candidate: Index;
  readonly scope: DeltaScope;
  /** Path of the artifact inside the release. */
  readonly filePath?: string;
}

/**
 * What claims are held against, from units of a delta proof that was verified and the statements beside it.
 * Errors: DELTA_SCOPE_INVALID when the scope is of other indexes, or does not know a function that the proof lists.
 */
export function viewFromProof(units: readonly VerifiedUnit[], { baseline, candidate, scope, filePath }: DeltaStatements): DeltaView {
  if (scope.oldRoot !== baseline.root) throw new DomainError('DELTA_SCOPE_INVALID', { member: 'oldRoot', expected: baseline.root });
  if (scope.newRoot !== candidate.root) throw new DomainError('DELTA_SCOPE_INVALID', { member: 'newRoot', expected: candidate.root });
  requireNames(units, scope);
  requireSameCode(units, scope);
  const sameCode = new Set(scope.sameCode);
  return {
    baseline: buildView(baseline.toolchain, scope.modulePaths),
    candidate: buildView(candidate.toolchain, scope.modulePaths),
    changes: units.map((unit) => changedUnit(unit, sameCode)),
    baselineFunctions: scope.baselineFunctions,
    ...(filePath !== undefined && { filePath }),
    unlistedReferrers: new Map(scope.inPlace.map(({ unit, referrers }) => [unit, referrers])),
  };
}

function requireNames(units: readonly VerifiedUnit[], scope: DeltaScope): void {
  const known = new Map<string, number>();
  for (const name of scope.baselineFunctions) known.set(name, (known.get(name) ?? 0) + 1);
  let functions = scope.baselineFunctions.length;
  for (const { old, new: next } of units) {
    if (next?.kind === 'function') functions += 1;
    if (old?.kind !== 'function') continue;
    functions -= 1;
    const left = known.get(old.name) ?? 0;
    if (left === 0) throw new DomainError('DELTA_SCOPE_INVALID', { member: 'baselineFunctions', missing: old.name.slice(0, 200) });
    known.set(old.name, left - 1);
  }
  // What is not listed is in both, so one count follows from the other.
  if (functions !== scope.candidateFunctionCount) {
    throw new DomainError('DELTA_SCOPE_INVALID', { member: 'candidateFunctionCount', expected: String(functions) });
  }
}

/** Only what the leaves allow can be said: a function with its id and other references, for which nothing is unresolved. */
function requireSameCode(units: readonly VerifiedUnit[], scope: DeltaScope): void {
  const allowed = new Set(units.flatMap((unit) => (unit.class === 'reference-only' && unit.old?.id === unit.new?.id ? [unit.old?.id] : [])));
  const stranger = scope.sameCode.find((id) => !allowed.has(id));
  if (stranger !== undefined) throw new DomainError('DELTA_SCOPE_INVALID', { member: 'sameCode', unit: stranger.slice(0, 200) });
}

function buildView({ name, version, goVersion, mainModule }: Index['toolchain'], modulePaths: readonly string[]): BuildView {
  if (goVersion !== '') return { toolchain: goVersion, language: 'go', ...(mainModule !== '' && { modulePath: mainModule }), modulePaths };
  return { language: 'other', modulePaths, ...(name !== '' && version !== '' && { toolchain: `${name}-${version}` }) };
}

function changedUnit({ class: change, old, new: next }: VerifiedUnit, sameCodeIds: ReadonlySet<string>): ChangedUnit {
  const baseline = old === null ? undefined : unitSide(old);
  const candidate = next === null ? undefined : unitSide(next);
  // A pair of different kinds is what the less explicable one is.
  const kind = old?.kind === next?.kind ? (old?.kind ?? 'residual') : old === null || next === null ? (old ?? next)?.kind ?? 'residual' : 'residual';
  const sameContent = old !== null && old.e1 === next?.e1 && old.residual + next.residual === 0;
  const sameCode = old !== null && sameCodeIds.has(old.id);
  return { change, kind, ...(baseline && { baseline }), ...(candidate && { candidate }), ...(sameCode && { sameCode }), ...(sameContent && { sameContent }) };
}

function unitSide({ id, name, refs }: Leaf): UnitSide {
  return { id, name, nameOrigin: name === '' ? 'none' : 'artifact', refs };
}
