import { DomainError } from '@stella/errors';
import type { PassPredicate } from '@stella/witness';
import { type Incident, saysTheSame } from '../domain/incident.js';
import type { IncidentRepository, Lock } from './ports.js';
import type { Repeatable } from './repeatable.js';

export interface CreateIncidentInput {
  readonly tenant: string;
  readonly requestId: string;
  readonly id: string;
  readonly title: string;
  readonly passPredicate: PassPredicate;
}

/** Registers a known incident. One that is there and says the same is the answer: witnesses rely on its predicate. */
export class CreateIncident {
  constructor(
    private readonly repeatable: Repeatable,
    private readonly incidents: IncidentRepository,
    private readonly lock: Lock,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError INCIDENT_CONFLICT, REQUEST_ID_REUSED */
  async execute({ requestId, ...input }: CreateIncidentInput): Promise<Incident> {
    const { tenant, id } = input;
    const incident: Incident = { ...input, createTime: this.clock() };
    await this.repeatable.once({ tenant, requestId, content: { method: 'CreateIncident', ...input } }, async (tx) => {
      await this.lock(tx, `incident ${tenant} ${id}`);
      const found = await this.incidents.find(input, tx);
      if (found && !saysTheSame(found, incident)) throw new DomainError('INCIDENT_CONFLICT', { incident: id });
      if (!found) await this.incidents.insert(tx, incident);
      return { resource: id, cached: false };
    });
    const stored = await this.incidents.find(input);
    if (!stored) throw new DomainError('INTERNAL', { incident: id });
    return stored;
  }
}
