import type { IncidentRepository, ReplayFacts } from './ports.js';

/** Tells how many incidents still wait for what, so that one that nobody works on is seen. */
export class WatchIncidents {
  constructor(
    private readonly incidents: IncidentRepository,
    private readonly facts: ReplayFacts,
    private readonly clock: () => Date,
  ) {}

  async execute(): Promise<void> {
    this.facts.incidentsWaiting(await this.incidents.waiting(this.clock()));
  }
}
