import { DomainError } from '@stella/errors';
import { artifactsOf, claimedIncidents } from '../domain/release.js';
import { causeOf } from '../domain/collected.js';
import { limits } from '../limits.js';
import { type Asking, callOf, unlessSilent } from './asking.js';
import { atOnce } from './at-once.js';
import type { GateFacts, ReplayEvidence, WitnessRef, Witnesses } from './ports.js';

export interface WitnessEvidence {
  readonly witnesses: readonly WitnessRef[];
  /** Micro-witnesses and verify results. */
  readonly envelopes: readonly Uint8Array[];
}

interface Order {
  readonly witness: WitnessRef;
  readonly side: 'baseline' | 'candidate';
  readonly sha256: string;
}

const NONE: WitnessEvidence = { witnesses: [], envelopes: [] };

/** Asks frvf whether the known incidents still happen: those that the release claims to fix, and all that were recorded on the baseline or on the candidate. */
export class CollectWitnesses {
  constructor(
    private readonly witnesses: Witnesses,
    private readonly facts: GateFacts,
  ) {}

  /** @throws DomainError INCIDENT_NOT_FOUND, ARTIFACT_NOT_FOUND, EVALUATION_FAILED (more witnesses than a decision may be about) */
  async execute(asking: Asking, replaysMin: number): Promise<WitnessEvidence> {
    const found = await unlessSilent('witness', asking, this.facts, () => this.#find(asking));
    if (found === undefined) return NONE;
    const { witnesses } = found;
    asking.report({ stage: 'witness', message: witnesses.length === 1 ? 'one witness' : `${witnesses.length} witnesses`, done: witnesses.length, total: witnesses.length, cached: false });
    const results = await this.#replay(asking, witnesses, replaysMin);
    return { witnesses, envelopes: [...found.envelopes, ...results] };
  }

  async #find(asking: Asking): Promise<WitnessEvidence> {
    const { question } = asking;
    const incidents = claimedIncidents(question.claims);
    await Promise.all(incidents.map((incident) => this.witnesses.requireIncident(callOf(asking, 'incident'), incident)));
    const lists = await Promise.all([
      ...incidents.map((incident) => this.witnesses.ofIncident(callOf(asking, 'witnesses'), incident)),
      ...artifactsOf(question).map((sha256) => this.witnesses.ofArtifact(callOf(asking, 'witnesses'), sha256)),
    ]);
    const byName = new Map(lists.flat().map((witness) => [witness.name, witness]));
    const witnesses = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (witnesses.length > limits.witnessesMax) {
      throw new DomainError('EVALUATION_FAILED', { problem: 'too many witnesses', witnesses: String(witnesses.length), witnessesMax: String(limits.witnessesMax) });
    }
    const envelopes = await atOnce(witnesses, limits.verificationsAtOnce, ({ name }) => this.witnesses.envelope(callOf(asking, 'witness'), name));
    this.facts.evidence('witness', 'reused', envelopes.length);
    return { witnesses, envelopes };
  }

  /** A witness without a result must not look as if there was no witness: then nothing about witnesses is known. */
  async #replay(asking: Asking, witnesses: readonly WitnessRef[], replaysMin: number): Promise<readonly Uint8Array[]> {
    const { baseline, candidate } = asking.question;
    const sides = baseline.sha256 === candidate.sha256 ? [{ side: 'candidate', ...candidate } as const] : [{ side: 'baseline', ...baseline } as const, { side: 'candidate', ...candidate } as const];
    const orders = witnesses.flatMap((witness): Order[] => sides.map(({ side, sha256 }) => ({ witness, side, sha256 })));
    let done = 0;
    if (orders.length > 0) asking.report({ stage: 'replay', message: `${replaysMin} replays each`, done, total: orders.length, cached: false });
    const results = await atOnce(orders, limits.verificationsAtOnce, async (order) => {
      const result = await this.#replayOnce(asking, order, replaysMin);
      done += 1;
      asking.report({ stage: 'replay', message: `${order.witness.incident} on the ${order.side}: ${told(result)}`, done, total: orders.length, cached: result?.cached ?? false });
      return result?.envelope;
    });
    return results.filter((envelope) => envelope !== undefined);
  }

  async #replayOnce(asking: Asking, { witness, sha256 }: Order, replaysMin: number): Promise<ReplayEvidence | undefined> {
    const call = callOf(asking, `replay ${witness.name} ${sha256} ${replaysMin}`);
    const result = await unlessSilent('witness', asking, this.facts, () => this.witnesses.replay(call, witness.name, sha256, replaysMin));
    if (result?.envelope) this.facts.evidence('replay', result.cached ? 'reused' : 'computed', 1);
    else if (result) this.#withoutResult(asking, result.failureReason);
    return result;
  }

  #withoutResult({ unanswered }: Asking, failureReason: string): void {
    const error = new DomainError('EVALUATION_FAILED', { problem: 'a witness has no result', failureReason });
    unanswered.add('witness', failureReason || causeOf(error));
    this.facts.unanswered('witness', error);
  }
}

function told(result: ReplayEvidence | undefined): string {
  if (result === undefined) return 'no answer';
  return result.envelope === undefined ? `no result: ${result.failureReason}` : `${result.outcome}, ${result.successes} of ${result.replays}`;
}
