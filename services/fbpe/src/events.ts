import { EntryCrossVerified, EntryLogged } from '@stella/contracts/stella/fbpe/v1alpha/events';
import { isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Cosignature, DeltaCheck, FederationFacts, ForeignEntry, KeptVerification, MisbehaviourEvidence, NewEntry, PullReport } from './application/ports.js';
import { type CheckResult, METHOD_NAMES } from './domain/cross-verification.js';
import type { Peering } from './domain/peering.js';

export const TOPICS = {
  entryLogged: 'stella.fbpe.entry-logged.v1alpha',
  entryCrossVerified: 'stella.fbpe.entry-cross-verified.v1alpha',
  deltaIndexed: 'stella.psdi.delta-indexed.v1alpha',
  witnessRecorded: 'stella.frvf.witness-recorded.v1alpha',
  verificationCompleted: 'stella.frvf.verification-completed.v1alpha',
  packPublished: 'stella.marketplace.pack-published.v1alpha',
  verdictIssued: 'stella.gate.verdict-issued.v1alpha',
  evidenceWithdrawn: 'stella.gate.evidence-withdrawn.v1alpha',
  evidenceReinstated: 'stella.gate.evidence-reinstated.v1alpha',
  keyRevoked: 'stella.gate.key-revoked.v1alpha',
  policyRevoked: 'stella.gate.policy-revoked.v1alpha',
} as const;

/** From an answer out of memory to a page of a thousand proofs. */
const QUERY_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** From a peer that pulls at once to one that was away for a week. */
const CROSS_VERIFIED_BUCKETS_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400, 604_800];

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class FederationEvents implements FederationFacts {
  readonly #logged;
  readonly #crossVerified;
  readonly #crossVerifiedSeconds;
  readonly #size;
  readonly #batchEntries;
  readonly #batchSeconds;
  readonly #stopped;
  readonly #cosignedSize;
  readonly #cosigned;
  readonly #checks;
  readonly #refused;
  readonly #pulls;
  readonly #frozen;
  readonly #ratio;
  readonly #query;
  readonly #participating;
  /** Origins of other organisations' nodes that answered when they were last followed. */
  readonly #answering = new Set<string>();

  constructor(
    private readonly origin: string,
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#logged = metrics.counter('fbpe_entries_logged_total', 'Entries added to the own log.');
    this.#crossVerified = metrics.counter('fbpe_entries_cross_verified_total', 'What peers said about own entries.', ['result', 'relation']);
    this.#crossVerifiedSeconds = metrics.histogram('fbpe_logged_to_cross_verified_seconds', 'From an own entry to what a peer says about it.', [], CROSS_VERIFIED_BUCKETS_SECONDS);
    this.#size = metrics.gauge('fbpe_log_size', 'Entries of the own log.');
    this.#batchEntries = metrics.histogram('fbpe_batch_entries', 'Entries under one new checkpoint.', [], [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]);
    this.#batchSeconds = metrics.histogram('fbpe_batch_seconds', 'Time to commit a batch.');
    this.#stopped = metrics.gauge('fbpe_signing_stopped', '1 when the stored log is not what was signed.');
    this.#cosignedSize = metrics.gauge('fbpe_cosigned_size', 'Size of the newest checkpoint that a peer has cosigned.', ['relation']);
    this.#cosigned = metrics.counter('fbpe_checkpoints_cosigned_total', 'Checkpoints of peers that this node cosigned.');
    this.#checks = metrics.counter('fbpe_cross_verifications_total', 'Checks of peers\' evidence made here.', ['result', 'final']);
    this.#refused = metrics.counter('fbpe_payloads_refused_total', 'Payloads of peers that were not what their entries say.');
    this.#pulls = metrics.counter('fbpe_pulls_total', 'Pulls of peers, by outcome: ok or the reason.', ['outcome']);
    this.#frozen = metrics.counter('fbpe_peerings_frozen_total', 'Peerings frozen.', ['reason']);
    this.#ratio = metrics.gauge('cross_verify_success_ratio', 'Own delta proofs that peers confirmed, of those confirmed, denied, not checkable or met with silence.');
    this.#query = metrics.histogram('provenance_query_latency_seconds', 'Time to answer what is known about a subject, with proofs.', [], QUERY_BUCKETS_SECONDS);
    this.#participating = metrics.gauge('fbpe_participating_nodes', 'Nodes of other organisations that answered when they were last followed.');
    this.#participating.set(0);
  }

  async entryLogged(tx: Tx, { tenant, index, payloadDigest, predicateType }: NewEntry & { readonly index: number }): Promise<void> {
    const payload = EntryLogged.encode({ origin: this.origin, index: BigInt(index), payloadSha256: payloadDigest, predicateType }).finish();
    await this.events.append(tx, { topic: TOPICS.entryLogged, tenant, key: this.origin, payload });
    tx.afterCommit(() => {
      this.#logged.inc();
      this.logger.info({ tenant, index, payload: payloadDigest, predicateType }, 'entry logged');
    });
  }

  async entryCrossVerified(tx: Tx, said: KeptVerification, loggedAt: Date, now: Date): Promise<void> {
    const { tenant, payloadDigest, organisation, sameOperator, result, envelopeSha256 } = said;
    const payload = EntryCrossVerified.encode({ payloadSha256: payloadDigest, organisation, sameOperator, result, method: METHOD_NAMES[said.method], evidenceSha256: envelopeSha256 }).finish();
    await this.events.append(tx, { topic: TOPICS.entryCrossVerified, tenant, key: payloadDigest, payload });
    tx.afterCommit(() => {
      this.#crossVerified.inc({ result, relation: sameOperator ? 'same-operator' : 'partner' });
      this.#crossVerifiedSeconds.observe(Math.max(0, now.getTime() - loggedAt.getTime()) / 1000);
      this.logger.info({ tenant, payload: payloadDigest, organisation, sameOperator, result }, 'entry cross-verified');
    });
  }

  signed(size: number, entries: number, seconds: number): void {
    this.#size.set(size);
    this.#batchEntries.observe(entries);
    this.#batchSeconds.observe(seconds);
    this.logger.debug({ size, entries }, 'checkpoint signed');
  }

  signingStopped(error: Error): void {
    this.#stopped.set(1);
    this.logger.error({ err: error, origin: this.origin, ...(isDomainError(error) ? { facts: error.facts } : {}) }, 'signing has stopped');
  }

  headAdopted(size: number): void {
    this.logger.warn({ origin: this.origin, size }, 'no record of what was signed was found; the stored size is taken as it');
  }

  cosignatureTaken({ size, organisation, sameOperator }: Cosignature): void {
    this.#cosignedSize.set({ relation: sameOperator ? 'same-operator' : 'partner' }, size);
    this.logger.info({ size, organisation, sameOperator }, 'cosignature taken');
  }

  checkpointCosigned(origin: string, size: number): void {
    this.#cosigned.inc();
    this.logger.info({ origin, size }, 'checkpoint cosigned');
  }

  checked(result: CheckResult, predicateType: string, again: DeltaCheck['again']): void {
    this.#checks.inc({ result, final: again === undefined ? 'yes' : 'no' });
    this.logger.info({ result, predicateType, again }, 'evidence of a peer checked');
  }

  payloadRefused({ origin, index }: ForeignEntry, problem: string): void {
    this.#refused.inc();
    this.logger.warn({ origin, index, problem }, 'a payload of a peer was refused');
  }

  pulled(peering: Peering, report: PullReport): void {
    const { origin } = peering;
    this.#pulls.inc({ outcome: 'ok' });
    this.#answers(peering, true);
    this.logger.debug({ origin, ...report }, 'peer pulled');
  }

  pullFailed(peering: Peering, error: unknown): void {
    const { origin } = peering;
    this.#answers(peering, false);
    this.#pulls.inc({ outcome: isDomainError(error) ? error.reason : 'INTERNAL' });
    this.logger.warn({ err: error, origin }, 'a pull failed');
  }

  frozen(peering: Peering, { reason, provable, facts }: MisbehaviourEvidence): void {
    const { origin, id } = peering;
    this.#answers(peering, false);
    this.#frozen.inc({ reason });
    this.logger.error({ origin, peering: id, reason, provable, facts }, 'peering frozen');
  }

  tallied(ratio: number | undefined): void {
    if (ratio !== undefined) this.#ratio.set(ratio);
  }

  queried(seconds: number): void {
    this.#query.observe(seconds);
  }

  #answers({ origin, sameOperator }: Peering, isAnswering: boolean): void {
    if (isAnswering && !sameOperator) this.#answering.add(origin);
    else this.#answering.delete(origin);
    this.#participating.set(this.#answering.size);
  }
}
