import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { PolicyLimits } from '@stella/policy';
import { claimedIncidents, type ReleaseQuestion, type Report, type Source } from '../domain/release.js';
import { limits } from '../limits.js';
import type { DeltaEvidence, Deltas, GateFacts, Witnesses, WitnessRef } from './ports.js';

/** The caller asked for something that is not there: that is an answer to him, not an unknown fact. */
const CALLERS_MISTAKES = ['ARTIFACT_NOT_FOUND', 'INCIDENT_NOT_FOUND', 'CANCELLED', 'DEADLINE_EXCEEDED'] as const;

/** Asks psdi and frvf. What they cannot say stays unsaid, and so unknown to the policy; it never stops the evaluation. */
export class CollectEvidence {
  constructor(
    private readonly deltas: Deltas,
    private readonly witnesses: Witnesses,
    private readonly facts: GateFacts,
  ) {}

  /** The witnesses that the decision is about: of every claimed incident, and all that were recorded on the baseline. */
  async witnessesFor({ tenant, baseline, claims }: ReleaseQuestion, signal: AbortSignal): Promise<readonly WitnessRef[]> {
    const incidents = claimedIncidents(claims);
    for (const incident of incidents) await this.witnesses.requireIncident(tenant, incident, signal);
    const lists = await Promise.all(incidents.map((incident) => this.witnesses.list(tenant, incident, signal)));
    const ofBaseline = (await this.witnesses.list(tenant, undefined, signal)).filter(({ artifactSha256 }) => artifactSha256 === baseline.sha256);
    const byName = new Map([...lists.flat(), ...ofBaseline].map((witness) => [witness.name, witness]));
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limits.witnessesMax);
  }

  async delta({ tenant, baseline, candidate }: ReleaseQuestion, report: Report, silent: Set<Source>, signal: AbortSignal): Promise<DeltaEvidence | undefined> {
    return this.#attempt('delta', silent, async () => {
      for (const [done, side] of [baseline, candidate].entries()) {
        const { cached } = await this.deltas.index(tenant, side.sha256, signal);
        report({ stage: 'index', message: side.label, done: done + 1, total: 2, cached });
      }
      const delta = await this.deltas.compare(tenant, baseline.sha256, candidate.sha256, signal);
      this.facts.evidence(delta.cached ? 'reused' : 'computed', delta.envelopes.length);
      const message = `${delta.functionsChanged} functions among ${delta.units} units changed`;
      report({ stage: 'delta', message, done: 1, total: 1, cached: delta.cached });
      return delta;
    });
  }

  /** Envelopes of the witnesses and of what their replays on both sides gave. */
  async replays({ tenant, baseline, candidate }: ReleaseQuestion, witnesses: readonly WitnessRef[], { replays_min }: PolicyLimits, report: Report, silent: Set<Source>, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const sides = [...new Set([baseline.sha256, candidate.sha256])];
    const orders = witnesses.flatMap((witness) => sides.map((sha256) => ({ witness, sha256 })));
    const found: Uint8Array[] = witnesses.map(({ envelope }) => envelope);
    let done = 0;
    const next = orders[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const { witness, sha256 } of next) {
        const result = await this.#attempt('witness', silent, () => this.witnesses.replay(tenant, witness.name, sha256, Math.max(1, replays_min), signal));
        done += 1;
        if (result?.envelope) found.push(result.envelope);
        if (result) this.facts.evidence(result.cached ? 'reused' : 'computed', 1);
        const side = sha256 === candidate.sha256 ? 'candidate' : 'baseline';
        const what = result === undefined ? 'could not be replayed' : result.problem || `${result.outcome}, ${result.successes} of ${result.replays}`;
        report({ stage: 'replay', message: `${witness.incident} on the ${side}: ${what}`, done, total: orders.length, cached: result?.cached ?? false });
      }
    };
    await Promise.all(Array.from({ length: limits.verificationsAtOnce }, work));
    return found;
  }

  async #attempt<T>(part: Source, silent: Set<Source>, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isDomainError(error) || CALLERS_MISTAKES.some((reason) => error.reason === reason)) throw error;
      silent.add(part);
      this.facts.couldNotCollect(part, error);
      return undefined;
    }
  }
}

/** One digest for all that a decision would be about. */
export function digestOfWitnesses(witnesses: readonly WitnessRef[]): string {
  return sha256Hex(Buffer.from(witnesses.map(({ name }) => name).join('\n')));
}
