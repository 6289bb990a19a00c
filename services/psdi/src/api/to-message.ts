import { PREDICATE_TYPES, sha256Hex } from '@stella/attestation';
import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import {
  type Artifact as ArtifactMessage,
  type Delta as DeltaMessage,
  type DeltaUnit as DeltaUnitMessage,
  type FunctionOccurrence as FunctionMessage,
  type Index as IndexMessage,
  UnitChange as UnitChangeMessage,
} from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DELTA_SCOPE_PREDICATE_TYPE } from '@stella/policy';
import type { DescribedDelta, DescribedIndex } from '../application/describe.js';
import type { FunctionOccurrence } from '../application/ports.js';
import type { Artifact } from '../domain/artifact.js';
import type { ChangedUnit, UnitChange } from '../domain/delta-record.js';
import { indexName } from '../domain/index-record.js';

const CHANGES: Record<UnitChange, UnitChangeMessage> = {
  identical: UnitChangeMessage.UNIT_CHANGE_IDENTICAL,
  moved: UnitChangeMessage.UNIT_CHANGE_MOVED,
  'reference-only': UnitChangeMessage.UNIT_CHANGE_REFERENCE_ONLY,
  'immediate-drift': UnitChangeMessage.UNIT_CHANGE_IMMEDIATE_DRIFT,
  semantic: UnitChangeMessage.UNIT_CHANGE_SEMANTIC,
  added: UnitChangeMessage.UNIT_CHANGE_ADDED,
  removed: UnitChangeMessage.UNIT_CHANGE_REMOVED,
  'data-only': UnitChangeMessage.UNIT_CHANGE_DATA_ONLY,
  metadata: UnitChangeMessage.UNIT_CHANGE_METADATA,
  header: UnitChangeMessage.UNIT_CHANGE_HEADER,
  residual: UnitChangeMessage.UNIT_CHANGE_RESIDUAL,
};

export function toArtifact({ sha256, sizeBytes, label, createTime }: Artifact): ArtifactMessage {
  return { name: `artifacts/${sha256}`, sha256, sizeBytes: BigInt(sizeBytes), label, createTime };
}

export function toIndex({ record, envelope }: DescribedIndex, cached: boolean): IndexMessage {
  const { artifactSha256, lifter, root, sums, totals, toolchain } = record.predicate;
  return {
    name: indexName(record),
    artifactSha256,
    lifterSha256: lifter.sha256,
    ruleset: lifter.ruleset,
    root,
    unitCount: sums.units,
    functionCount: record.summary.unitsByKind.function,
    loadedBytes: BigInt(totals.loadedBytes),
    residualBytes: BigInt(totals.residualBytes),
    toolchainName: toolchain.name,
    toolchainVersion: toolchain.version,
    gnuBuildId: toolchain.gnuBuildId,
    goBuildId: toolchain.goBuildId,
    evidence: toEvidence(PREDICATE_TYPES.liftIndex, envelope),
    cached,
    createTime: record.createTime,
  };
}

export function toDelta({ record, proof, scope, baseline, candidate }: DescribedDelta, cached: boolean): DeltaMessage {
  return {
    name: `deltas/${record.id}`,
    baselineSha256: record.baselineSha256,
    candidateSha256: record.candidateSha256,
    counts: record.counts.map(({ kind, change, count }) => ({ kind, change: CHANGES[change], count })),
    proof: toEvidence(PREDICATE_TYPES.deltaProof, proof),
    scope: toEvidence(DELTA_SCOPE_PREDICATE_TYPE, scope),
    baselineIndex: toIndex(baseline, true),
    candidateIndex: toIndex(candidate, true),
    createTime: record.createTime,
    cached,
  };
}

export function toUnit({ unitId, kind, name, change, baselineSizeBytes, candidateSizeBytes }: ChangedUnit): DeltaUnitMessage {
  return {
    unitId,
    kind,
    displayName: name,
    change: CHANGES[change],
    baselineSizeBytes: BigInt(baselineSizeBytes),
    candidateSizeBytes: BigInt(candidateSizeBytes),
  };
}

export function toOccurrence({ artifactSha256, unitId, name, e1, e2, sizeBytes }: FunctionOccurrence): FunctionMessage {
  return { artifactSha256, unitId, functionName: name, e1, e2: e2 ?? '', sizeBytes: BigInt(sizeBytes) };
}

function toEvidence(predicateType: string, envelope: Buffer): Evidence {
  return { sha256: sha256Hex(envelope), predicateType, envelope };
}
