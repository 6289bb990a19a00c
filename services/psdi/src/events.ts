import { DeltaIndexed } from '@stella/contracts/stella/psdi/v1alpha/events';
import { isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Cache, IndexKey, PackFileOutcome, PsdiFacts } from './application/ports.js';
import type { Artifact } from './domain/artifact.js';
import type { ArtifactPair, DeltaRecord } from './domain/delta-record.js';
import type { IndexRecord } from './domain/index-record.js';

export const TOPICS = {
  deltaIndexed: 'stella.psdi.delta-indexed.v1alpha',
  packPublished: 'stella.marketplace.pack-published.v1alpha',
} as const;

/** From a check in milliseconds to one that lifts both artifacts again. */
const VERIFICATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const RESIDUAL_BUCKETS = [0, 0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class PsdiEvents implements PsdiFacts {
  readonly #uploaded;
  readonly #uploadedBytes;
  readonly #cache;
  readonly #liftSeconds;
  readonly #liftFailures;
  readonly #residual;
  readonly #deltas;
  readonly #deltaUnits;
  readonly #verificationSeconds;
  readonly #packFiles;
  readonly #lagSeconds;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#uploaded = metrics.counter('psdi_artifacts_uploaded_total', 'Uploads that were taken.');
    this.#uploadedBytes = metrics.counter('psdi_artifact_bytes_uploaded_total', 'Bytes of the uploads that were taken.');
    this.#cache = metrics.counter('psdi_cache_requests_total', 'What was asked for, by cache and whether it was there.', ['cache', 'result']);
    this.#liftSeconds = metrics.histogram('psdi_lift_seconds', 'Time to lift, sign and store one index.');
    this.#liftFailures = metrics.counter('psdi_lift_failures_total', 'Lifts that gave no index, by reason.', ['reason']);
    this.#residual = metrics.histogram('psdi_index_residual_ratio', 'Share of the loaded bytes of an artifact that could not be resolved.', [], RESIDUAL_BUCKETS);
    this.#deltas = metrics.counter('psdi_deltas_total', 'Deltas made.');
    this.#deltaUnits = metrics.counter('psdi_delta_units_total', 'Units of new deltas, by kind and change.', ['kind', 'change']);
    this.#verificationSeconds = metrics.histogram('psdi_delta_proof_verification_seconds', 'Time to check a delta proof, by mode and outcome.', ['mode', 'outcome'], VERIFICATION_BUCKETS_SECONDS);
    this.#packFiles = metrics.counter('psdi_pack_files_total', 'Files of published packs, by what became of them.', ['outcome']);
    this.#lagSeconds = metrics.histogram('psdi_index_lag_seconds', 'From a published pack to the indexes of its programs.');
  }

  uploaded({ tenant, sha256, sizeBytes }: Artifact): void {
    this.#uploaded.inc();
    this.#uploadedBytes.inc(sizeBytes);
    this.logger.info({ tenant, artifact: sha256, sizeBytes }, 'artifact registered');
  }

  asked(cache: Cache, isHit: boolean): void {
    this.#cache.inc({ cache, result: isHit ? 'hit' : 'miss' });
  }

  indexed({ tenant, predicate }: IndexRecord, durationSeconds: number): void {
    const { artifactSha256, root, sums, totals } = predicate;
    this.#liftSeconds.observe(durationSeconds);
    this.#residual.observe(totals.residualBytes / totals.loadedBytes);
    this.logger.info({ tenant, artifact: artifactSha256, root, units: sums.units, durationSeconds }, 'artifact indexed');
  }

  liftFailed({ tenant, artifactSha256 }: Omit<IndexKey, 'lifterSha256'>, error: unknown): void {
    const reason = isDomainError(error) ? error.reason : 'INTERNAL';
    this.#liftFailures.inc({ reason });
    this.logger.warn({ tenant, artifact: artifactSha256, err: error, reason }, 'artifact not indexed');
  }

  async deltaIndexed(tx: Tx, { tenant, id, baselineSha256, candidateSha256, proofSha256, counts }: DeltaRecord): Promise<void> {
    const delta = `deltas/${id}`;
    const payload = DeltaIndexed.encode({ delta, baselineSha256, candidateSha256, proofSha256 }).finish();
    await this.events.append(tx, { topic: TOPICS.deltaIndexed, tenant, key: delta, payload });
    tx.afterCommit(() => {
      this.#deltas.inc();
      for (const { kind, change, count } of counts) this.#deltaUnits.inc({ kind, change }, count);
      this.logger.info({ tenant, delta, baseline: baselineSha256, candidate: candidateSha256 }, 'delta indexed');
    });
  }

  verified(pair: ArtifactPair | undefined, mode: 'fast' | 'deep', refusal: string, durationSeconds: number): void {
    this.#verificationSeconds.observe({ mode, outcome: refusal === '' ? 'valid' : 'refused' }, durationSeconds);
    if (refusal !== '') this.logger.warn({ ...pair, mode, refusal }, 'delta proof refused');
  }

  packIndexed(tx: Tx, tenant: string, pack: string, outcomes: readonly PackFileOutcome[], lagSeconds: number): void {
    tx.afterCommit(() => {
      for (const { outcome } of outcomes) this.#packFiles.inc({ outcome });
      this.#lagSeconds.observe(lagSeconds);
      const notIndexed = outcomes.filter(({ outcome }) => outcome !== 'indexed').map(({ sha256, outcome, reason }) => `${sha256} ${outcome}: ${reason}`);
      this.logger.info({ tenant, pack, files: outcomes.length, notIndexed, lagSeconds }, 'pack indexed');
    });
  }
}
