import { breadthOf, sharePpm } from '../claim/breadth.js';
import type { Claim } from '../claim/claim.js';
import { compilePattern } from '../claim/pattern.js';
import { toolchainStep, type ToolchainStep } from '../claim/toolchain-version.js';
import { isBuildInfo, isConsequence } from './consequence.js';
import { unitId, type ChangedUnit, type DeltaView } from './delta-view.js';
import { explainData, type DataProblem } from './explain-data.js';
import { followReferences, isIndex } from './explain-references.js';
import { belongsToToolchain, claimsOfFunction, claimsOfUnit, type CodeClaim, type FunctionClaims } from './explain-functions.js';
import { variablesOfToolchain } from './own-variables.js';

/** Why no claim covers a change. */
export type Unexplained = DataProblem | 'NOT_CLAIMED' | 'ADDED_NOT_CLAIMED_BY_NAME' | 'NO_NAME_OF_ITS_OWN' | 'RESIDUAL';

export interface UnitCoverage {
  readonly unit: ChangedUnit;
  /** Indexes of the claims that cover it. */
  readonly claims: readonly number[];
  /** It follows from other changes and means nothing by itself. */
  readonly consequence: boolean;
  /** Undefined when it is explained. */
  readonly unexplained?: Unexplained;
}

/** A delta held against claims: every change that needs one, with what explains it. */
export interface Coverage {
  readonly units: readonly UnitCoverage[];
  readonly unexplained: readonly UnitCoverage[];
  readonly toolchain: ToolchainStep;
  /** Index of the claim that states the toolchains of both build infos, whatever it may cover. */
  readonly toolchainClaimProved?: number;
  /** By claim: share of the baseline's functions that it speaks of, in parts per million. */
  readonly breadthPpm: readonly number[];
  readonly breadthUnionPpm: number;
  /** By claim: changed units that it covers. */
  readonly coveredUnits: readonly number[];
  /** Data units that nothing but the claim `data only` covers. */
  readonly dataOnlyUnits: number;
}

/** Moved units are equal in content and references: there is nothing to explain. */
export function needsExplanation(unit: ChangedUnit): boolean {
  return unit.change !== 'moved';
}

/** @param claims as checked by `checkClaims`. */
export function coverDelta(view: DeltaView, claims: readonly Claim[]): Coverage {
  const changed = view.changes.filter(needsExplanation);
  const step = toolchainStep(view.baseline.toolchain, view.candidate.toolchain);
  const toolchainClaim = claims.findIndex((c) => c.kind === 'toolchain' && c.from === view.baseline.toolchain && c.to === view.candidate.toolchain);
  const code: CodeClaim[] = claims.flatMap((c, index) => (c.kind === 'changes' && c.target === 'code' ? [{ index, pattern: compilePattern(c.pattern) }] : []));
  const fileIndexes = claims.flatMap((c, index) => (c.kind === 'changes' && c.target === 'file' && view.filePath !== undefined && compilePattern(c.pattern).matches(view.filePath) ? [index] : []));
  const functionClaims: FunctionClaims = { code, ...(toolchainClaim !== -1 && step === 'patch' && { toolchainIndex: toolchainClaim }) };
  const units: readonly UnitCoverage[] = fileIndexes.length > 0 ? changed.map((unit) => ({ unit, claims: fileIndexes, consequence: false })) : explain(view, changed, claims, functionClaims);

  const coveredUnits = claims.map((_, index) => units.filter((u) => u.claims.includes(index)).length);
  return {
    units,
    unexplained: units.filter((u) => u.unexplained !== undefined),
    toolchain: step,
    ...(toolchainClaim !== -1 && { toolchainClaimProved: toolchainClaim }),
    ...breadths(view, claims, code, fileIndexes, functionClaims),
    coveredUnits,
    dataOnlyUnits: coveredUnits[claims.findIndex((c) => c.kind === 'data_only')] ?? 0,
  };
}

function explain(view: DeltaView, changed: readonly ChangedUnit[], claims: readonly Claim[], functionClaims: FunctionClaims): readonly UnitCoverage[] {
  const baselineNames = new Set(view.baselineFunctions);
  const sameToolchain = toolchainStep(view.baseline.toolchain, view.candidate.toolchain) === 'same';
  const { toolchainIndex } = functionClaims;
  const ofToolchain = toolchainIndex === undefined ? undefined : variablesOfToolchain(view, changed);
  const follows = (unit: ChangedUnit): boolean => isConsequence(unit) || (sameToolchain && isBuildInfo(unit));
  const byName = new Map<ChangedUnit, readonly number[]>();
  const undecidedData: ChangedUnit[] = [];
  const byReferences: ChangedUnit[] = [];
  const unexplained: ChangedUnit[] = [];
  for (const unit of changed) {
    if (unit.kind === 'residual' || follows(unit)) continue;
    const found = unit.kind === 'function' ? claimsOfFunction(unit, view, baselineNames, functionClaims) : claimsOfUnit(unit, view, functionClaims);
    if (toolchainIndex !== undefined && (isBuildInfo(unit) || ofToolchain?.has(unit) === true)) found.push(toolchainIndex);
    if (found.length > 0) byName.set(unit, found);
    else if (unit.kind === 'data') undecidedData.push(unit);
    else if (unit.sameCode === true || isIndex(unit)) byReferences.push(unit);
    else unexplained.push(unit);
  }
  const onlyData = changed.every((unit) => unit.kind === 'data' || unit.sameCode === true || follows(unit));
  const dataOnly = onlyData ? claims.findIndex((claim) => claim.kind === 'data_only') : -1;
  const sameCode = byReferences.filter((unit) => unit.sameCode === true);
  const data = explainData(view, undecidedData, byName, [...unexplained, ...changed.filter((unit) => unit.kind === 'residual')], sameCode);
  const claimsOf = (unit: ChangedUnit): readonly number[] | undefined =>
    byName.get(unit) ?? data.claims.get(unit) ?? (unit.kind === 'data' && dataOnly !== -1 ? [dataOnly] : undefined);
  const explained = new Set(changed.filter((unit) => unit.kind !== 'residual' && (claimsOf(unit) !== undefined || follows(unit))));
  const following = followReferences(byReferences, changed, explained);

  return changed.map((unit): UnitCoverage => {
    if (unit.kind === 'residual') return { unit, claims: [], consequence: false, unexplained: 'RESIDUAL' };
    if (follows(unit) || following.has(unit)) return { unit, claims: [], consequence: true };
    const claimed = claimsOf(unit);
    if (claimed !== undefined) return { unit, claims: claimed, consequence: false };
    return { unit, claims: [], consequence: false, unexplained: data.problems.get(unit) ?? whyNot(unit) };
  });
}

function whyNot(unit: ChangedUnit): Unexplained {
  const side = unit.baseline ?? unit.candidate;
  if (unit.kind === 'function' && (side?.nameOrigin !== 'artifact' || side.name === '')) return 'NO_NAME_OF_ITS_OWN';
  return unit.kind === 'function' && unit.baseline === undefined ? 'ADDED_NOT_CLAIMED_BY_NAME' : 'NOT_CLAIMED';
}

function breadths(view: DeltaView, claims: readonly Claim[], code: readonly CodeClaim[], files: readonly number[], functionClaims: FunctionClaims): Pick<Coverage, 'breadthPpm' | 'breadthUnionPpm'> {
  const measured = breadthOf(code.map(({ pattern }) => pattern), view.baselineFunctions, view.baseline);
  const breadthPpm = claims.map((_, index) => {
    if (files.includes(index)) return sharePpm(1, 1);
    if (index === functionClaims.toolchainIndex) return toolchainBreadthPpm(view);
    const place = code.findIndex((c) => c.index === index);
    return place === -1 ? 0 : (measured.eachPpm[place] ?? 0);
  });
  return { breadthPpm, breadthUnionPpm: files.length > 0 ? sharePpm(1, 1) : measured.unionPpm };
}

function toolchainBreadthPpm(view: DeltaView): number {
  const own = view.baselineFunctions.filter((name) => belongsToToolchain(name, view)).length;
  return sharePpm(own, view.baselineFunctions.length);
}

/** What stands in a verdict about a change without an explanation. */
export function describeUnexplained({ unit, unexplained }: UnitCoverage): { unitId: string; kind: string; displayName: string; change: string; why: string } {
  const side = unit.baseline ?? unit.candidate;
  return { unitId: unitId(unit), kind: unit.kind, displayName: side?.name ?? '', change: unit.change, why: unexplained ?? '' };
}
