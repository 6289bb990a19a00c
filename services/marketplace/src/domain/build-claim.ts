import { failed, type Problem } from './finding.js';
import type { FileRole, PackFile } from './pack.js';

export type BuildIdKind = 'gnu-build-id' | 'go-build-id';

export interface BuildId {
  readonly kind: BuildIdKind;
  readonly value: string;
}

/** That a build id, in a role, means these bytes. */
export interface BuildClaim extends BuildId {
  readonly role: FileRole;
  readonly sha256: string;
  readonly tenant: string;
}

const ONE_BYTE_OVER_AND_OVER = /^([0-9a-f]{2})\1*$/;
/** Of a GNU build id; the shortest that linkers make of a file's content is 8 bytes. */
const GNU_ID_DIGITS_MIN = 16;

/** The build ids of a file that stand for it: one that was set by hand, as `redacted` or `00`, is that of many. */
export function distinctiveIds({ gnuBuildId, goBuildId }: Pick<PackFile, 'gnuBuildId' | 'goBuildId'>): readonly BuildId[] {
  const isGnu = gnuBuildId !== undefined && gnuBuildId.length >= GNU_ID_DIGITS_MIN && !ONE_BYTE_OVER_AND_OVER.test(gnuBuildId);
  // The linker of Go makes it of parts: what went in, and what came out.
  const isGo = goBuildId !== undefined && /^[\w-]{8,}(?:\/[\w-]{8,})+$/.test(goBuildId);
  return [...(isGnu ? [{ kind: 'gnu-build-id' as const, value: gnuBuildId }] : []), ...(isGo ? [{ kind: 'go-build-id' as const, value: goBuildId }] : [])];
}

export function claimsOf(files: readonly PackFile[], tenant: string): readonly BuildClaim[] {
  return files.flatMap((file) => {
    const { role, sha256 } = file;
    return role === undefined ? [] : distinctiveIds(file).map((id) => ({ ...id, role, sha256, tenant }));
  });
}

/**
 * Claims that contradict what holds already, or each other: the same id in the same role with other bytes, and another
 * tenant's id in a role that it has not published itself.
 * @param known all claims, of any role, of the ids that are claimed
 */
export function claimConflicts(claims: readonly BuildClaim[], known: readonly BuildClaim[]): readonly Problem[] {
  const held = new Map(known.map((claim) => [keyOf(claim), claim]));
  const owners = new Map(known.map((claim) => [idOf(claim), claim.tenant]));
  return claims.flatMap((claim) => {
    const same = held.get(keyOf(claim));
    held.set(keyOf(claim), same ?? claim);
    const at = `${claim.kind} ${claim.value} (${claim.role})`;
    if (same && same.sha256 !== claim.sha256) return [failed('BUILD_ID_CONFLICT', `${at} is ${same.sha256}, not ${claim.sha256}`)];
    const owner = owners.get(idOf(claim)) ?? claim.tenant;
    return !same && owner !== claim.tenant ? [failed('BUILD_ID_CONFLICT', `${at} belongs to a build of another tenant`)] : [];
  });
}

const idOf = ({ kind, value }: BuildId): string => `${kind}:${value}`;
const keyOf = (claim: BuildClaim): string => `${idOf(claim)}:${claim.role}`;
