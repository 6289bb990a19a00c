import { DomainError } from '@stella/errors';
import type { Incident } from '../domain/incident.js';
import type { IncidentRepository, Key } from './ports.js';
import { type Page, pageOf, type Position } from './page.js';

export class ReadIncidents {
  constructor(private readonly incidents: IncidentRepository) {}

  /** @throws DomainError INCIDENT_NOT_FOUND */
  async one(key: Key): Promise<Incident> {
    const found = await this.incidents.find(key);
    if (!found) throw new DomainError('INCIDENT_NOT_FOUND', { incident: key.id });
    return found;
  }

  page(tenant: string, after: Position | undefined, size: number): Promise<Page<Incident>> {
    return pageOf(size, (countMax) => this.incidents.page({ tenant, after, countMax }));
  }
}
