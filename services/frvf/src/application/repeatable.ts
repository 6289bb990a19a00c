import { canonicalize, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { Lock, RequestRepository, Transactions } from './ports.js';

export interface RequestIdentity {
  readonly tenant: string;
  /** A UUID of the caller's. */
  readonly requestId: string;
  /** All that was asked, as plain data. */
  readonly content: object;
}

export interface Answer {
  readonly resource: string;
  readonly cached: boolean;
}

/** Gives the same request the same answer, and refuses another request under its id. */
export class Repeatable {
  constructor(
    private readonly transactions: Transactions,
    private readonly requests: RequestRepository,
    private readonly lock: Lock,
  ) {}

  /** What the request was answered with before. @throws DomainError REQUEST_ID_REUSED */
  async earlier(identity: RequestIdentity): Promise<Answer | undefined> {
    return this.#known(identity);
  }

  /** Does `work` and remembers its answer, in one transaction; a request that came twice at once is done once. */
  once(identity: RequestIdentity, work: (tx: Tx) => Promise<Answer>): Promise<Answer> {
    const { tenant, requestId } = identity;
    return this.transactions.tx(async (tx) => {
      await this.lock(tx, `request ${tenant} ${requestId}`);
      const known = await this.#known(identity, tx);
      if (known) return known;
      const answer = await work(tx);
      await this.requests.insert(tx, tenant, requestId, { ...answer, requestSha256: digestOf(identity) });
      return answer;
    });
  }

  async #known(identity: RequestIdentity, tx?: Tx): Promise<Answer | undefined> {
    const { tenant, requestId } = identity;
    const found = await this.requests.find(tenant, requestId, tx);
    if (found && found.requestSha256 !== digestOf(identity)) throw new DomainError('REQUEST_ID_REUSED', { requestId });
    return found && { resource: found.resource, cached: found.cached };
  }
}

function digestOf({ content }: RequestIdentity): string {
  return sha256Hex(canonicalize(content));
}
