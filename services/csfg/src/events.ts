import { StackIngested, StackMatched, StackNamed, SymbolsOffered } from '@stella/contracts/stella/csfg/v1alpha/events';
import type { Tx } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { NewStack, StackFacts, StackKey } from './application/ports.js';
import { stackName, unnamedFrames } from './domain/stack.js';

export const TOPICS = {
  stackIngested: 'stella.csfg.stack-ingested.v1alpha',
  symbolsOffered: 'stella.csfg.symbols-offered.v1alpha',
  stackNamed: 'stella.csfg.stack-named.v1alpha',
  stackMatched: 'stella.csfg.stack-matched.v1alpha',
  witnessRecorded: 'stella.frvf.witness-recorded.v1alpha',
  packPublished: 'stella.marketplace.pack-published.v1alpha',
} as const;

/** From a hit among a thousand stacks to a cold catch-up. */
const MATCH_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5];

/** One helper a fact; what is counted in a transaction counts once that has committed. */
export class CsfgEvents implements StackFacts {
  readonly #ingested;
  readonly #frames;
  readonly #named;
  readonly #matched;
  readonly #answers;
  readonly #matchSeconds;
  readonly #lagSeconds;
  readonly #conflicts;
  readonly #indexed;
  readonly #renormalised;

  constructor(
    private readonly events: ServiceEvents,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#ingested = metrics.counter('csfg_stacks_ingested_total', 'Stacks stored for the first time, by format.', ['format']);
    this.#frames = metrics.counter('csfg_frames_total', 'Frames of new stacks, by whether they had a name.', ['named']);
    this.#named = metrics.counter('csfg_stacks_named_total', 'Stacks that got names they lacked.');
    this.#matched = metrics.counter('csfg_stacks_attached_total', 'Stacks that were said to belong to an incident, or got names.');
    this.#answers = metrics.counter('csfg_matches_total', 'Answers to MatchStack, by verdict.', ['verdict']);
    this.#matchSeconds = metrics.histogram('csfg_match_seconds', 'Time to match one stack.', [], MATCH_BUCKETS_SECONDS);
    this.#lagSeconds = metrics.histogram('csfg_ingest_lag_seconds', 'From a recorded witness to its stored stack.');
    this.#conflicts = metrics.counter('csfg_incident_conflicts_total', 'Witnesses whose stack belongs to another incident already.');
    this.#indexed = metrics.gauge('csfg_index_stacks', 'Stacks in the indexes of this process.');
    this.#renormalised = metrics.counter('csfg_stacks_renormalised_total', 'Stacks made again for a new version of the normaliser.');
  }

  async ingested(tx: Tx, stack: NewStack): Promise<void> {
    await this.incidentTold(tx, stack, stack.incident ?? '');
    const unnamed = unnamedFrames(stack);
    tx.afterCommit(() => {
      this.#ingested.inc({ format: stack.trace.format });
      this.#frames.inc({ named: 'yes' }, stack.trace.frames.length - unnamed);
      this.#frames.inc({ named: 'no' }, unnamed);
      this.logger.info({ tenant: stack.tenant, stack: stack.id, format: stack.trace.format, incident: stack.incident, unnamed }, 'stack ingested');
    });
  }

  incidentTold(tx: Tx, key: StackKey, incident: string): Promise<void> {
    return this.#append(tx, key, TOPICS.stackIngested, StackIngested.encode({ stack: stackName(key.id), incident }).finish());
  }

  async symbolsOffered(tx: Tx, key: StackKey, pack: string): Promise<void> {
    await this.#append(tx, key, TOPICS.symbolsOffered, SymbolsOffered.encode({ stack: stackName(key.id), pack }).finish());
  }

  async named(tx: Tx, key: StackKey, pack: string): Promise<void> {
    await this.#append(tx, key, TOPICS.stackNamed, StackNamed.encode({ stack: stackName(key.id), pack }).finish());
    tx.afterCommit(() => {
      this.#named.inc();
      this.logger.info({ tenant: key.tenant, stack: key.id, pack }, 'stack named');
    });
  }

  async matched(tx: Tx, key: StackKey, match: { incident: string; scorePpm: number; resymbolisedBy: string }): Promise<void> {
    await this.#append(tx, key, TOPICS.stackMatched, StackMatched.encode({ stack: stackName(key.id), ...match }).finish());
    tx.afterCommit(() => {
      this.#matched.inc();
      this.logger.info({ tenant: key.tenant, stack: key.id, ...match }, 'stack matched');
    });
  }

  renormalised({ tenant, id }: StackKey): void {
    this.#renormalised.inc();
    this.logger.debug({ tenant, stack: id }, 'stack renormalised');
  }

  answered(verdict: string, durationSeconds: number): void {
    this.#answers.inc({ verdict });
    this.#matchSeconds.observe(durationSeconds);
  }

  incidentDiffers({ tenant, id }: StackKey, kept: string, refused: string): void {
    this.#conflicts.inc();
    this.logger.warn({ tenant, stack: id, kept, refused }, 'two incidents have the same stack');
  }

  lagged(seconds: number): void {
    this.#lagSeconds.observe(Math.max(seconds, 0));
  }

  indexed(stacks: number): void {
    this.#indexed.set(stacks);
  }

  #append(tx: Tx, { tenant, id }: StackKey, topic: string, payload: Uint8Array): Promise<void> {
    return this.events.append(tx, { topic, tenant, key: stackName(id), payload });
  }
}
