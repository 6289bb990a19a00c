import { DomainError } from '@stella/errors';
import { isExact, type Sums } from './merkle/sums.js';
import type { MerkleSet } from './merkle/merkle-set.js';

export const LIFT_INDEX_PREDICATE_TYPE = 'https://stella-ops.org/attestation/lift-index/v1';

/** What lifted: a root means nothing without it. */
export interface LifterIdentity {
  /** SHA-256 of the lifter's executable, lower-case hex. */
  readonly sha256: string;
  /** The version of the normal form's rules. */
  readonly ruleset: string;
}

/** An artifact's index, as a delta proof refers to it. */
export interface IndexRef {
  /** SHA-256 of the artifact, lower-case hex. */
  readonly artifactSha256: string;
  readonly lifter: LifterIdentity;
  /** Root of the Merkle tree over its units (merkle/hash.ts), lower-case hex. */
  readonly root: string;
  readonly sums: Sums;
}

/** The predicate of a lift-index statement; its subject is the artifact. */
export interface LiftIndexPredicate extends IndexRef {
  readonly artifactSizeBytes: number;
  /** Totals as the lifter counted them, apart from the sums of the tree: verifiers hold one against the other. */
  readonly totals: CoverageTotals;
  /** SHA-256 of the side records as packSides writes them: whoever is given them can check bijection and classes. */
  readonly sidesSha256: string;
  readonly toolchain: ToolchainFacts;
  /** Who lifted: proved only to himself, attested to everybody else. */
  readonly liftedBy: string;
}

/** Bytes of the artifact that the loader maps, and what became of them. */
export interface CoverageTotals {
  readonly loadedBytes: number;
  readonly coveredBytes: number;
  readonly residualBytes: number;
}

/** Names and versions as the artifact itself gives them; the empty string where it says nothing. */
export interface ToolchainFacts {
  readonly name: string;
  readonly version: string;
  readonly gnuBuildId: string;
  readonly goBuildId: string;
  readonly goVersion: string;
  readonly mainModule: string;
}

const SHA256 = /^[0-9a-f]{64}$/;
const TOOLCHAIN_MEMBERS = ['name', 'version', 'gnuBuildId', 'goBuildId', 'goVersion', 'mainModule'] as const;

export function indexRef(set: MerkleSet, artifactSha256: string, lifter: LifterIdentity): IndexRef {
  return parseIndexRef({ artifactSha256, lifter, root: set.root.toString('hex'), sums: set.sums });
}

/** @throws INDEX_INVALID when coverage does not add up */
export function liftIndexPredicate(ref: IndexRef, rest: Omit<LiftIndexPredicate, keyof IndexRef>): LiftIndexPredicate {
  return parseLiftIndex({ ...ref, ...rest });
}

/** Reads a predicate of another's making: every member, and no other. @throws INDEX_INVALID */
export function parseLiftIndex(value: unknown): LiftIndexPredicate {
  const at = members(value, ['artifactSha256', 'lifter', 'root', 'sums', 'artifactSizeBytes', 'totals', 'sidesSha256', 'toolchain', 'liftedBy'], 'predicate');
  const ref = parseIndexRef({ artifactSha256: at.artifactSha256, lifter: at.lifter, root: at.root, sums: at.sums });
  const totals = members(at.totals, ['loadedBytes', 'coveredBytes', 'residualBytes'], 'totals');
  const toolchain = members(at.toolchain, TOOLCHAIN_MEMBERS, 'toolchain');
  const predicate: LiftIndexPredicate = {
    ...ref,
    artifactSizeBytes: count(at.artifactSizeBytes, 'artifactSizeBytes'),
    totals: {
      loadedBytes: count(totals.loadedBytes, 'loadedBytes'),
      coveredBytes: count(totals.coveredBytes, 'coveredBytes'),
      residualBytes: count(totals.residualBytes, 'residualBytes'),
    },
    sidesSha256: digest(at.sidesSha256, 'sidesSha256'),
    toolchain: Object.fromEntries(TOOLCHAIN_MEMBERS.map((name) => [name, text(toolchain[name], name)])) as unknown as ToolchainFacts,
    liftedBy: text(at.liftedBy, 'liftedBy'),
  };
  const fault = coverageFault(predicate);
  if (fault !== undefined) throw new DomainError('INDEX_INVALID', fault);
  return predicate;
}

/** @throws INDEX_INVALID */
export function parseIndexRef(value: unknown): IndexRef {
  const at = members(value, ['artifactSha256', 'lifter', 'root', 'sums'], 'index');
  const lifter = members(at.lifter, ['sha256', 'ruleset'], 'lifter');
  const sums = members(at.sums, ['units', 'sizeBytes', 'unresolved', 'residualBytes'], 'sums');
  const parsed = {
    units: count(sums.units, 'units'),
    sizeBytes: count(sums.sizeBytes, 'sizeBytes'),
    unresolved: count(sums.unresolved, 'unresolved'),
    residualBytes: count(sums.residualBytes, 'residualBytes'),
  };
  if (!isExact(parsed)) throw invalid('sums');
  return {
    artifactSha256: digest(at.artifactSha256, 'artifactSha256'),
    lifter: { sha256: digest(lifter.sha256, 'lifter.sha256'), ruleset: text(lifter.ruleset, 'lifter.ruleset') },
    root: digest(at.root, 'root'),
    sums: parsed,
  };
}

/** What does not add up between the tree's sums and the lifter's totals: every loaded byte is in a unit, or in none is a lie. */
export function coverageFault({ sums, totals, artifactSizeBytes }: Pick<LiftIndexPredicate, 'sums' | 'totals' | 'artifactSizeBytes'>): Record<string, string> | undefined {
  const fault = (what: string, a: number, b: number): Record<string, string> => ({ coverage: what, first: String(a), second: String(b) });
  if (totals.coveredBytes !== totals.loadedBytes) return fault('covered and loaded bytes differ', totals.coveredBytes, totals.loadedBytes);
  if (sums.sizeBytes < totals.coveredBytes) return fault('units hold fewer bytes than are covered', sums.sizeBytes, totals.coveredBytes);
  if (sums.residualBytes < totals.residualBytes) return fault('residual units hold fewer bytes than the total', sums.residualBytes, totals.residualBytes);
  if (totals.residualBytes > totals.loadedBytes) return fault('more residual than loaded bytes', totals.residualBytes, totals.loadedBytes);
  if (totals.loadedBytes > artifactSizeBytes) return fault('more loaded bytes than the artifact has', totals.loadedBytes, artifactSizeBytes);
  return undefined;
}

/** The members of an object when they are exactly these. */
export function members<K extends string>(value: unknown, names: readonly K[], what: string): Record<K, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(what);
  const found = Object.keys(value);
  if (found.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) throw invalid(what);
  return value as Record<K, unknown>;
}

export function count(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalid(what);
  return value as number;
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.length > 4096 || !value.isWellFormed()) throw invalid(what);
  return value;
}

function digest(value: unknown, what: string): string {
  if (typeof value !== 'string' || !SHA256.test(value)) throw invalid(what);
  return value;
}

function invalid(member: string): DomainError {
  return new DomainError('INDEX_INVALID', { member });
}
