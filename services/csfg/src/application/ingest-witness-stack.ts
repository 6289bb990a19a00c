import { isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { SentSource } from '../domain/stack-source.js';
import type { StackFacts, StackRepository } from './ports.js';
import type { PreparedStack, StoreStack } from './store-stack.js';

export interface WitnessStack {
  readonly tenant: string;
  readonly source: SentSource;
  readonly incident: string;
  /** When the witness was recorded. */
  readonly time: Date;
}

/** Stores the stack of a recorded witness with its incident. */
export class IngestWitnessStack {
  constructor(
    private readonly stacks: StackRepository,
    private readonly store: StoreStack,
    private readonly facts: StackFacts,
    private readonly clock: () => Date,
  ) {}

  prepare({ tenant, source }: WitnessStack): Promise<PreparedStack> {
    return this.store.prepare(tenant, source);
  }

  async commit(tx: Tx, prepared: PreparedStack, { incident, time }: WitnessStack): Promise<void> {
    await this.stacks.lockTenant(tx, prepared.tenant);
    try {
      await this.store.commit(tx, prepared, incident);
    } catch (error) {
      // Two incidents with one and the same stack: which is which only a person can say. The first one keeps it.
      if (!isDomainError(error, 'STACK_INCIDENT_CONFLICT')) throw error;
      this.facts.incidentDiffers(prepared, error.facts['incident'] ?? '', incident);
    }
    tx.afterCommit(() => this.facts.lagged((this.clock().getTime() - time.getTime()) / 1000));
  }
}
