import type { FileRole, Pack, PackFile, PackKind, PackState } from '../domain/pack.js';
import type { Finding } from '../domain/finding.js';

export interface PackRow {
  readonly id: string;
  readonly name: string;
  readonly namespace_id: string;
  readonly tenant: string;
  readonly kind: PackKind;
  readonly licence: string;
  readonly visibility: string;
  readonly state: PackState;
  readonly findings: readonly Finding[];
  readonly manifest_sha256: string;
  readonly payload_digest: string;
  readonly key_fingerprint: string;
  readonly create_time: Date;
  readonly publish_time: Date | null;
}

export interface FileRow {
  readonly pack_id: string;
  readonly path: string;
  readonly sha256: string;
  readonly size_bytes: bigint;
  readonly format: string;
  readonly role: FileRole | null;
  readonly gnu_build_id: string | null;
  readonly go_build_id: string | null;
  readonly has_debug_info: boolean;
}

export const PACK_COLUMNS =
  'p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time';
export const FILE_COLUMNS = 'f.pack_id, f.path, f.sha256, f.size_bytes, f.format, f.role, f.gnu_build_id, f.go_build_id, f.has_debug_info';

export function toPack(row: PackRow, files: readonly PackFile[]): Pack {
  return {
    id: row.id,
    name: row.name,
    namespaceId: row.namespace_id,
    tenant: row.tenant,
    kind: row.kind,
    licence: row.licence,
    visibility: row.visibility,
    state: row.state,
    files,
    findings: row.findings,
    manifestSha256: row.manifest_sha256,
    payloadDigest: row.payload_digest,
    keyFingerprint: row.key_fingerprint,
    createTime: row.create_time,
    publishTime: row.publish_time ?? undefined,
  };
}

export function toFile(row: FileRow): PackFile {
  return {
    path: row.path,
    sha256: row.sha256,
    sizeBytes: Number(row.size_bytes),
    format: row.format,
    role: row.role ?? undefined,
    gnuBuildId: row.gnu_build_id ?? undefined,
    goBuildId: row.go_build_id ?? undefined,
    hasDebugInfo: row.has_debug_info,
  };
}
