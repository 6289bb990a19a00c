import { DomainError, isDomainError } from '@stella/errors';
import type { Peering } from '../domain/peering.js';
import type { FederationFacts, MisbehaviourEvidence, PeeringRepository, Transactions } from './ports.js';

/** Keeps the evidence against a log and stops all traffic with it; only its operator and ours can settle that. */
export class FreezePeering {
  constructor(
    private readonly transactions: Transactions,
    private readonly peerings: PeeringRepository,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  /** @returns the error for whoever ran into it */
  async execute(peering: Peering, evidence: MisbehaviourEvidence): Promise<DomainError> {
    const isFirst = await this.transactions.tx(async (tx) => {
      const locked = await this.peerings.lock(tx, peering.id);
      if (locked?.state !== 'active') return false;
      await this.peerings.freeze(tx, locked, evidence, this.clock());
      return true;
    });
    if (isFirst) this.facts.frozen(peering, evidence);
    return frozenError(peering, evidence.reason, evidence.facts);
  }
}

export function frozenError(peering: Peering, reason: string, facts: Readonly<Record<string, string>> = {}): DomainError {
  const all = { ...facts, origin: peering.origin, peering: peering.id, reason };
  return new DomainError(reason === 'LOG_EQUIVOCATES' ? reason : 'PEERING_FROZEN', all);
}

/** @throws DomainError `PEERING_FROZEN` */
export function requireActive(peering: Peering): void {
  if (peering.state === 'active') return;
  throw new DomainError('PEERING_FROZEN', { origin: peering.origin, peering: peering.id, reason: peering.frozenReason ?? 'unknown' });
}

/** What a peer sent is not a checkpoint of its log: said in terms of the peering. */
export function asCheckpointError(error: unknown): unknown {
  const isCheckpoint = isDomainError(error) && /^(TLOG_NOTE|TLOG_CHECKPOINT|TLOG_ORIGIN)_/.test(error.reason);
  return isCheckpoint ? new DomainError('CHECKPOINT_INVALID', { ...error.facts, problem: error.facts['problem'] ?? error.reason }, { cause: error }) : error;
}
