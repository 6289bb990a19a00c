import type { Finding } from './finding.js';

export type PackKind = 'symbols' | 'harness';
export const PACK_STATES = ['validating', 'in-review', 'rejected', 'published', 'yanked', 'taken-down'] as const;
export type PackState = (typeof PACK_STATES)[number];

/** What a file of a build is: code, split debug information, or both in one. */
export type FileRole = 'executable' | 'debuginfo' | 'full';

/** What a reader found in a binary itself. */
export interface BinaryReading {
  readonly role: FileRole;
  readonly arch: string;
  /** Hexadecimal. */
  readonly gnuBuildId: string | undefined;
  readonly goBuildId: string | undefined;
  readonly hasDebugInfo: boolean;
  /** What its compressed sections say they unpack to, in bytes. */
  readonly unpackedBytes: bigint;
}

export interface PackFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly format: string;
  /** The following are as read from the file itself; absent where nothing was read. */
  readonly role: FileRole | undefined;
  readonly gnuBuildId: string | undefined;
  readonly goBuildId: string | undefined;
  readonly hasDebugInfo: boolean;
}

/** A version of a pack. Everything but its state, findings and time of publication is fixed when it is made. */
export interface Pack {
  readonly id: string;
  /** `namespaces/{id}/packs/{pack}/versions/{semver}`. */
  readonly name: string;
  readonly namespaceId: string;
  readonly tenant: string;
  readonly kind: PackKind;
  readonly licence: string;
  readonly visibility: string;
  readonly state: PackState;
  readonly files: readonly PackFile[];
  readonly findings: readonly Finding[];
  /** SHA-256 of the manifest's envelope, which is a blob. */
  readonly manifestSha256: string;
  /** SHA-256 of the signed statement: two packs of one name are the same exactly if this is. */
  readonly payloadDigest: string;
  readonly keyFingerprint: string;
  readonly createTime: Date;
  readonly publishTime: Date | undefined;
}

/** Who sees a published pack: everybody, or its tenant. */
export type Audience = 'public' | `tenant:${string}`;

export function audienceOf({ visibility, tenant }: Pick<Pack, 'visibility' | 'tenant'>): Audience {
  return visibility === 'public' ? 'public' : `tenant:${tenant}`;
}

export function isVisibleTo(pack: Pick<Pack, 'visibility' | 'tenant' | 'state'>, tenant: string): boolean {
  return pack.tenant === tenant || (pack.state === 'published' && pack.visibility === 'public');
}
