import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { RequestRepository, Transactions } from './ports.js';

export interface RequestKey {
  readonly tenant: string;
  /** A UUID of the caller's. */
  readonly requestId: string;
}

/** Does what a request asks once, however often it is sent. */
export class Once {
  constructor(
    private readonly transactions: Transactions,
    private readonly requests: RequestRepository,
    private readonly clock: () => Date,
  ) {}

  /**
   * @param request everything that was asked for; the same id with another request is refused
   * @param work gives the id of what it made, which is also the answer to a repetition
   * @throws DomainError REQUEST_ID_REUSED
   */
  execute({ tenant, requestId }: RequestKey, request: readonly string[], work: (tx: Tx) => Promise<string>): Promise<string> {
    const requestSha256 = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    return this.transactions.tx(async (tx) => {
      await this.requests.lockTenant(tx, tenant);
      const before = await this.requests.find(tx, tenant, requestId);
      if (before && before.requestSha256 !== requestSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
      if (before) return before.answer;
      const answer = await work(tx);
      await this.requests.insert(tx, tenant, requestId, { requestSha256, answer, createTime: this.clock() });
      return answer;
    });
  }
}
