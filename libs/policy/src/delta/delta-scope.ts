import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';

export const DELTA_SCOPE_PREDICATE_TYPE = 'https://stella-ops.org/attestation/delta-scope/v1';

/**
 * Predicate of a statement that says of two indexes what a delta proof does not hold and claims are held against. Its
 * subjects are the two artifacts; it is signed by who lifted them, as the proof is.
 */
export interface DeltaScope {
  /** Roots of both indexes, as in the delta proof. */
  readonly oldRoot: string;
  readonly newRoot: string;
  /** Name of every function of the baseline, the empty name included, sorted by UTF-16 code units; one for each function. */
  readonly baselineFunctions: readonly string[];
  readonly candidateFunctionCount: number;
  /** Units that changed and kept their id, with how many units that are not listed refer to them; sorted by id. */
  readonly inPlace: readonly { readonly unit: string; readonly referrers: number }[];
  /**
   * Ids of functions that are listed only because variables that they refer to hold something else at first: their code
   * is the same and leads to the same places (`sameCode` of the comparison); sorted.
   */
  readonly sameCode: readonly string[];
  /** Go: the path of the main module and of every dependency of either artifact, sorted. */
  readonly modulePaths: readonly string[];
}

const ROOT = /^[0-9a-f]{64}$/;
const MEMBERS = ['baselineFunctions', 'candidateFunctionCount', 'inPlace', 'modulePaths', 'newRoot', 'oldRoot', 'sameCode'];

function refuse(member: string): never {
  throw new DomainError('DELTA_SCOPE_INVALID', { member });
}

/** Errors: DELTA_SCOPE_INVALID with the member's name. */
export function checkDeltaScope(value: unknown): DeltaScope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('form');
  const scope = value as DeltaScope;
  if (Object.keys(scope).sort().join() !== MEMBERS.join()) refuse('members');
  if (!isText(scope.oldRoot) || !ROOT.test(scope.oldRoot)) refuse('oldRoot');
  if (!isText(scope.newRoot) || !ROOT.test(scope.newRoot)) refuse('newRoot');
  if (!isSorted(scope.baselineFunctions, LIMITS.baselineFunctionsMax, (a, b) => a <= b)) refuse('baselineFunctions');
  if (!isCount(scope.candidateFunctionCount)) refuse('candidateFunctionCount');
  if (!isSorted(scope.modulePaths, LIMITS.modulePathsMax, (a, b) => a < b)) refuse('modulePaths');
  if (!isSorted(scope.sameCode, LIMITS.changedUnitsMax, (a, b) => a < b)) refuse('sameCode');
  if (!Array.isArray(scope.inPlace) || scope.inPlace.length > LIMITS.changedUnitsMax) refuse('inPlace');
  let before = '';
  for (const entry of scope.inPlace) {
    if (typeof entry !== 'object' || entry === null || Object.keys(entry).sort().join() !== 'referrers,unit') refuse('inPlace');
    if (!isText(entry.unit) || entry.unit <= before || !isCount(entry.referrers)) refuse('inPlace');
    before = entry.unit;
  }
  return scope;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LIMITS.unitNameBytesMax && value.isWellFormed();
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function isSorted(values: unknown, max: number, inOrder: (a: string, b: string) => boolean): boolean {
  if (!Array.isArray(values) || values.length > max) return false;
  return values.every((value, index) => isText(value) && (index === 0 || inOrder(values[index - 1] as string, value)));
}
