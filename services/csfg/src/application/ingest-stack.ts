import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { SentSource } from '../domain/stack-source.js';
import type { Stack } from '../domain/stack.js';
import type { RequestRepository, StackRepository, Transactions } from './ports.js';
import type { PreparedStack, StoreStack } from './store-stack.js';

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
  async execute(request: IngestRequest): Promise<Stack> {
    const { tenant, source, incident } = request;
    const prepared = await this.store.prepare(tenant, source);
    await this.transactions.tx(async (tx) => {
      await this.stacks.lockTenant(tx, tenant);
      if (await this.#isRepeated(tx, request, prepared)) return;
      await this.store.commit(tx, prepared, incident);
    });
    const stack = await this.stacks.find(prepared);
    if (!stack) throw new DomainError('INTERNAL', { stack: prepared.id });
    return stack;
  }

  async #isRepeated(tx: Tx, { tenant, requestId, incident }: IngestRequest, { id }: PreparedStack): Promise<boolean> {
    const requestSha256 = createHash('sha256').update(`${id}\0${incident ?? ''}`).digest('hex');
    const before = await this.requests.find(tx, tenant, requestId);
    if (before && before.requestSha256 !== requestSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
    if (before) return true;
    await this.requests.insert(tx, tenant, requestId, { requestSha256, stackId: id, createTime: this.clock() });
    return false;
  }
}
