import { isDomainError } from '@stella/errors';
import { causeOf } from '../domain/collected.js';
import { type Asking, callOf, throwIfGivenUp, unlessSilent } from './asking.js';
import type { DeltaEvidence, Deltas, GateFacts } from './ports.js';

/**
 * Asks psdi what changed. Artifacts that cannot be compared have no delta, and so no change that could be counted; a file
 * of which nobody can say what it consists of is no artifact to decide about.
 */
export class CollectDelta {
  constructor(
    private readonly deltas: Deltas,
    private readonly facts: GateFacts,
  ) {}

  /** @throws DomainError ARTIFACT_NOT_FOUND, INPUT_TRUNCATED, ARTIFACT_WITHOUT_CODE and others that name the `sha256` of what cannot be lifted */
  execute(asking: Asking): Promise<DeltaEvidence | undefined> {
    return unlessSilent('delta', asking, this.facts, async () => {
      try {
        return await this.#ask(asking);
      } catch (error) {
        throwIfGivenUp(error, asking.signal);
        if (!isDomainError(error) || error.kind !== 'precondition') throw error;
        asking.report({ stage: 'delta', message: `no delta: ${[causeOf(error), ...Object.values(error.facts)].join(' ').slice(0, 500)}`, done: 0, total: 1, cached: false });
        return undefined;
      }
    });
  }

  async #ask(asking: Asking): Promise<DeltaEvidence> {
    const { baseline, candidate } = asking.question;
    let done = 0;
    asking.report({ stage: 'index', message: 'both artifacts', done, total: 2, cached: false });
    await Promise.all(
      [baseline, candidate].map(async ({ sha256, label }) => {
        const { cached } = await this.deltas.index(callOf(asking, `index ${sha256}`), sha256);
        done += 1;
        asking.report({ stage: 'index', message: label, done, total: 2, cached });
      }),
    );
    const delta = await this.deltas.compare(callOf(asking, 'delta'), baseline.sha256, candidate.sha256);
    this.facts.evidence('delta', delta.cached ? 'reused' : 'computed', 1);
    const message = `${delta.unitsChanged} units changed, ${delta.functionsChanged} of them functions`;
    asking.report({ stage: 'delta', message, done: 1, total: 1, cached: delta.cached });
    return delta;
  }
}
