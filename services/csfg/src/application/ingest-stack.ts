import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { SentSource } from '../domain/stack-source.js';
import type { RequestRepository, StackRepository, Transactions } from './ports.js';
import type { PreparedStack, StackAnswer, StoreStack } from './store-stack.js';

export interface IngestRequest {
  readonly tenant: string;
  /** A UUID; the same id gets the same answer. */
  readonly requestId: string;
  readonly source: SentSource;
  readonly incident: string | undefined;
}

/** Stores a stack in the caller's graph. Names from packs, and matches, follow by an event. */
export class IngestStack {
  constructor(
    private readonly transactions: Transactions,
    private readonly stacks: StackRepository,
    private readonly requests: RequestRepository,
    private readonly store: StoreStack,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError REQUEST_ID_REUSED, and what `StoreStack` throws */
  async execute(request: IngestRequest): Promise<StackAnswer> {
    const { tenant, source, incident } = request;
    const prepared = await this.store.prepare(tenant, source);
    return this.transactions.tx(async (tx) => {
      await this.stacks.lockTenant(tx, tenant);
      await this.#claim(tx, request, prepared);
      return this.store.commit(tx, prepared, incident);
    });
  }

  /** What the same request did before is done again, which changes nothing. */
  async #claim(tx: Tx, { tenant, requestId, incident }: IngestRequest, { id }: PreparedStack): Promise<void> {
    const requestSha256 = createHash('sha256').update(`${id}\0${incident ?? ''}`).digest('hex');
    const before = await this.requests.claim(tx, { tenant, requestId, requestSha256, createTime: this.clock() });
    if (before !== undefined && before !== requestSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
  }
}
