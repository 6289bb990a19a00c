import { PREDICATE_TYPES } from '@stella/attestation';
import { type BuildIdAnswer, type Finding as FindingMessage, FindingState, type Namespace as NamespaceMessage, type Pack as PackMessage, type PackFile as PackFileMessage, PackState, type PublisherKey as KeyMessage, type SymbolizedLocation, type CodeLocation } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { BuildAnswer } from '../application/look-up-builds.js';
import type { SymbolAnswer } from '../application/symbolize-locations.js';
import type { Finding, FindingState as DomainFindingState } from '../domain/finding.js';
import { keyName, namespaceName } from '../domain/names.js';
import type { Namespace, PublisherKey } from '../domain/namespace.js';
import type { Pack, PackFile, PackState as DomainPackState } from '../domain/pack.js';

const PACK_STATES: Record<DomainPackState, PackState> = {
  validating: PackState.PACK_STATE_VALIDATING,
  'in-review': PackState.PACK_STATE_IN_REVIEW,
  rejected: PackState.PACK_STATE_REJECTED,
  published: PackState.PACK_STATE_PUBLISHED,
  yanked: PackState.PACK_STATE_YANKED,
  'taken-down': PackState.PACK_STATE_TAKEN_DOWN,
};

const FINDING_STATES: Record<DomainFindingState, FindingState> = {
  passed: FindingState.FINDING_STATE_PASSED,
  failed: FindingState.FINDING_STATE_FAILED,
  error: FindingState.FINDING_STATE_ERROR,
  'not-run': FindingState.FINDING_STATE_NOT_RUN,
};

export function toNamespaceMessage({ id, tenant, createTime }: Namespace): NamespaceMessage {
  return { name: namespaceName(id), tenant, createTime };
}

export function toKeyMessage({ namespaceId, fingerprint, spki, createTime, expireTime, revokeTime }: PublisherKey): KeyMessage {
  return { name: keyName(namespaceId, fingerprint), spkiDer: Buffer.from(spki), createTime, expireTime, revokeTime };
}

/** @param envelope absent in lists, where the digest alone names the manifest */
export function toPackMessage(pack: Pack, envelope: Uint8Array = new Uint8Array()): PackMessage {
  const { name, kind, licence, state, files, findings, manifestSha256, createTime, publishTime } = pack;
  return {
    name,
    kind,
    license: licence,
    state: PACK_STATES[state],
    files: files.map(toFileMessage),
    findings: findings.map(toFindingMessage),
    manifest: { sha256: manifestSha256, predicateType: PREDICATE_TYPES.packManifest, envelope: Buffer.from(envelope) },
    createTime,
    publishTime,
  };
}

export function toAnswerMessage({ buildId, files }: BuildAnswer): BuildIdAnswer {
  return { buildId, pack: files[0]?.pack ?? '', files: files.map(toFileMessage), missingReason: files.length === 0 ? 'BUILD_ID_UNKNOWN' : '' };
}

export function toLocationMessage(location: CodeLocation, answer: SymbolAnswer | undefined): SymbolizedLocation {
  if (!answer || 'missingReason' in answer) return { location, frames: [], missingReason: answer?.missingReason ?? 'NO_SYMBOL', sourceSha256: '' };
  const { functionName, file, line } = answer.place;
  return { location, frames: [{ functionName, file: file ?? '', line: line ?? 0, inlined: false }], missingReason: '', sourceSha256: answer.sourceSha256 };
}

function toFileMessage({ path, sha256, sizeBytes, format, gnuBuildId, goBuildId, hasDebugInfo }: Omit<PackFile, 'role'>): PackFileMessage {
  return { path, sha256, sizeBytes: BigInt(sizeBytes), format, gnuBuildId: gnuBuildId ?? '', goBuildId: goBuildId ?? '', hasDebugInfo };
}

function toFindingMessage({ check, state, reason, detail }: Finding): FindingMessage {
  return { check, state: FINDING_STATES[state], reason, detail };
}
