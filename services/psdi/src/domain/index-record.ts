import type { LiftIndexPredicate, UnitKind } from '@stella/binary-delta';

/** What lifting an artifact gave, as it is kept. */
export interface IndexRecord {
  readonly tenant: string;
  /** What was signed; its `artifactSha256` and `lifter` are the record's key. */
  readonly predicate: LiftIndexPredicate;
  readonly summary: IndexSummary;
  /** Blobs: the packed Merkle set, and the envelope of the statement. The side records are in `predicate.sidesSha256`. */
  readonly setSha256: string;
  readonly envelopeSha256: string;
  readonly createTime: Date;
}

export interface IndexSummary {
  readonly unitsByKind: Readonly<Record<UnitKind, number>>;
  /** Of the main module and what it depends on, as the build information names them. */
  readonly modulePaths: readonly string[];
}

/** The name that the API gives an index. */
export function indexName({ predicate: { artifactSha256, lifter } }: IndexRecord): string {
  return `artifacts/${artifactSha256}/indexes/${lifter.ruleset}`;
}
