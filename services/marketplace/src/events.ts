import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { MarketplaceFacts } from './application/ports.js';
import type { Namespace, PublisherKey } from './domain/namespace.js';
import { type Pack, PACK_STATES, type PackState } from './domain/pack.js';
import type { Upload } from './domain/upload.js';

export const PACK_PUBLISHED = 'stella.marketplace.pack-published.v1alpha';

/** From a table in memory to a cold file with debug information. */
const LOOKUP_BUCKETS_SECONDS = [0.000_001, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.25, 1, 5, 30];

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class MarketplaceEvents implements MarketplaceFacts {
  readonly #namespaces;
  readonly #keys;
  readonly #uploads;
  readonly #receivedBytes;
  readonly #refusals;
  readonly #packs;
  readonly #decisions;
  readonly #findings;
  readonly #lookups;
  readonly #lookupSeconds;
  readonly #coverage;
  readonly #indexed;
  readonly #readFailures;
  readonly #symbolizationFailures;
  #asked = 0;
  #served = 0;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#namespaces = metrics.counter('marketplace_namespaces_created_total', 'Namespaces taken.');
    this.#keys = metrics.counter('marketplace_keys_total', 'Keys registered and revoked.', ['change']);
    this.#uploads = metrics.counter('marketplace_uploads_opened_total', 'Uploads opened.');
    this.#receivedBytes = metrics.counter('marketplace_received_bytes_total', 'Bytes of files received.');
    this.#refusals = metrics.counter('marketplace_uploads_refused_total', 'Uploads that did not become a pack, by reason.', ['reason']);
    this.#packs = metrics.gauge('marketplace_packs', 'Packs by state.', ['state']);
    this.#decisions = metrics.counter('marketplace_packs_decided_total', 'Validations ended, by the state that followed.', ['state']);
    this.#findings = metrics.counter('marketplace_validation_findings_total', 'Findings of validations, by step and state.', ['check', 'state']);
    this.#lookups = metrics.counter('marketplace_symbol_lookups_total', 'Look-ups of builds, by protocol and outcome.', ['protocol', 'outcome']);
    this.#lookupSeconds = metrics.histogram('marketplace_symbol_lookup_latency_seconds', 'Time to find the files of a build, entitlement included; for symbols, to name addresses.', ['protocol'], LOOKUP_BUCKETS_SECONDS);
    this.#coverage = metrics.gauge('marketplace_symbol_coverage_pct', 'Look-ups since the start that were served, in percent.');
    this.#indexed = metrics.gauge('marketplace_index_build_ids', 'Build ids in memory.');
    this.#readFailures = metrics.counter('marketplace_read_failures_total', 'Published files whose bytes are gone or are not what they were.');
    this.#symbolizationFailures = metrics.counter('marketplace_symbolization_failures_total', 'Published files that could not be asked for names.');
  }

  namespaceCreated(tx: Tx, { id, tenant }: Namespace): void {
    tx.afterCommit(() => {
      this.#namespaces.inc();
      this.logger.info({ tenant, namespace: id }, 'namespace created');
    });
  }

  keyRegistered(tx: Tx, tenant: string, { namespaceId, fingerprint }: PublisherKey): void {
    tx.afterCommit(() => {
      this.#keys.inc({ change: 'registered' });
      this.logger.info({ tenant, namespace: namespaceId, fingerprint }, 'key registered');
    });
  }

  keyRevoked(tx: Tx, tenant: string, { namespaceId, fingerprint }: PublisherKey, reason: string): void {
    tx.afterCommit(() => {
      this.#keys.inc({ change: 'revoked' });
      this.logger.warn({ tenant, namespace: namespaceId, fingerprint, reason }, 'key revoked');
    });
  }

  uploadOpened(tx: Tx, { id, tenant, namespaceId, files }: Upload, sizeBytes: number): void {
    tx.afterCommit(() => {
      this.#uploads.inc();
      this.logger.info({ tenant, namespace: namespaceId, upload: id, files: files.length, sizeBytes }, 'upload opened');
    });
  }

  fileReceived(tenant: string, sha256: string, sizeBytes: number): void {
    this.#receivedBytes.inc(sizeBytes);
    this.logger.debug({ tenant, sha256, sizeBytes }, 'file received');
  }

  uploadRefused(tenant: string, upload: string, reason: string): void {
    this.#refusals.inc({ reason });
    this.logger.warn({ tenant, upload, reason }, 'upload refused');
  }

  async packDecided(tx: Tx, pack: Pack): Promise<void> {
    const { tenant, name, state, findings } = pack;
    if (state === 'published') await this.events.append(tx, { topic: PACK_PUBLISHED, tenant, key: name, payload: PackPublished.encode(announcement(pack)).finish() });
    tx.afterCommit(() => {
      this.#decisions.inc({ state });
      for (const finding of findings) this.#findings.inc({ check: finding.check, state: finding.state });
      const bad = findings.filter((finding) => finding.state === 'failed' || finding.state === 'error').map(({ check, reason }) => `${check}: ${reason}`);
      this.logger.info({ tenant, pack: name, state, bad }, 'pack decided');
    });
  }

  lookedUp(protocol: 'debuginfod' | 'grpc' | 'symbolize', isHit: boolean, durationSeconds: number): void {
    this.#asked++;
    if (isHit) this.#served++;
    this.#lookups.inc({ protocol, outcome: isHit ? 'hit' : 'miss' });
    this.#lookupSeconds.observe({ protocol }, durationSeconds);
    this.#coverage.set((100 * this.#served) / this.#asked);
  }

  readFailed(sha256: string, error: unknown): void {
    this.#readFailures.inc();
    this.logger.error({ sha256, err: error }, 'a published file could not be read');
  }

  symbolizationFailed(sha256: string, error: unknown): void {
    this.#symbolizationFailures.inc();
    this.logger.error({ sha256, err: error }, 'a published file could not be asked for names');
  }

  packsByState(counts: ReadonlyMap<PackState, number>): void {
    for (const state of PACK_STATES) this.#packs.set({ state }, counts.get(state) ?? 0);
  }

  indexed(buildIds: number): void {
    this.#indexed.set(buildIds);
  }
}

function announcement({ name, kind, manifestSha256, files }: Pack): PackPublished {
  return {
    pack: name,
    kind,
    manifestSha256,
    files: files.map(({ sha256, gnuBuildId, goBuildId, hasDebugInfo }) => ({ sha256, gnuBuildId: gnuBuildId ?? '', goBuildId: goBuildId ?? '', hasDebugInfo })),
  };
}
