import { DomainError } from '@stella/errors';
import type { Saying, WithdrawalRecord } from '../domain/withdrawal-record.js';
import type { GateTrust } from './gate-trust.js';
import type { PolicyRepository } from './repositories.js';
import type { SayWithdrawal } from './say-withdrawal.js';

type Request = Pick<Saying, 'tenant' | 'id' | 'reason' | 'note' | 'by'>;

/** Takes back, for good and in one tenant, what its verdicts were given by: a key, or a policy. */
export class RevokeTrust {
  constructor(
    private readonly trust: GateTrust,
    private readonly policies: PolicyRepository,
    private readonly say: SayWithdrawal,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError KEY_UNKNOWN, KEY_NOT_REVOCABLE */
  async key(request: Request): Promise<WithdrawalRecord> {
    this.trust.requireRevocable(request.id, this.clock());
    return this.say.execute({ ...request, kind: 'key', standing: 'withdrawn', verdict: '' });
  }

  /** @throws DomainError POLICY_NOT_FOUND */
  async policy(request: Request): Promise<WithdrawalRecord> {
    if (!(await this.policies.isKnown(request.id))) throw new DomainError('POLICY_NOT_FOUND', { policy: request.id });
    return this.say.execute({ ...request, kind: 'policy', standing: 'withdrawn', verdict: '' });
  }
}
