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
  /** Names of those that nobody asked for and that were not replayed: more than one decision can be about, or gone. */
  readonly leftOut: readonly string[];
}

/** Names of witnesses that the release does not ask for. */
export interface Remembered {
  /** They fail on the candidate, as earlier evaluations found: none may be left out. */
  readonly refuting: readonly string[];
  /** The releases before were held against them; of the nearest ones first. */
  readonly inherited: readonly string[];
}

type Side = 'baseline' | 'candidate';

interface Order {
  readonly witness: WitnessRef;
  readonly side: Side;
  readonly sha256: string;
  /** It failed there before: an older result that says otherwise does not settle it. */
  readonly isDisputed: boolean;
}

interface Found extends WitnessEvidence {
  /** Names of those of which only the candidate's replays matter. */
  readonly remembered: ReadonlySet<string>;
  /** Names of those that failed on the candidate before. */
  readonly refuting: ReadonlySet<string>;
}

const NONE: WitnessEvidence = { witnesses: [], envelopes: [], leftOut: [] };

/**
 * Asks frvf whether the known incidents still happen: those that the release claims to fix, all that were recorded on the
 * baseline or on the candidate, all that failed on the candidate before, and those that the releases before it had fixed.
 */
export class CollectWitnesses {
  constructor(
    private readonly witnesses: Witnesses,
    private readonly facts: GateFacts,
  ) {}

  /** @throws DomainError INCIDENT_NOT_FOUND, ARTIFACT_NOT_FOUND, EVALUATION_FAILED (more witnesses than a decision may be about) */
  async execute(asking: Asking, replaysMin: number, remembered: Remembered): Promise<WitnessEvidence> {
    const found = await unlessSilent('witness', asking, this.facts, () => this.#find(asking, remembered));
    if (found === undefined) return NONE;
    const { witnesses, leftOut } = found;
    asking.report({ stage: 'witness', message: counted(found), done: witnesses.length, total: witnesses.length + leftOut.length, cached: false });
    const results = await this.#replay(asking, found, replaysMin);
    return { witnesses, leftOut, envelopes: [...found.envelopes, ...results] };
  }

  async #find(asking: Asking, { refuting, inherited }: Remembered): Promise<Found> {
    const asked = await this.#asked(asking);
    const isNew = (name: string): boolean => !asked.has(name);
    const must = refuting.filter(isNew);
    requireFew(asked.size + must.length);
    const may = inherited.filter((name) => isNew(name) && !must.includes(name));
    const room = limits.witnessesMax - asked.size - must.length;
    const extra = await this.#get(asking, [...must, ...may.slice(0, room)]);
    const gone = extra.flatMap(({ name, found }) => (found === undefined ? [name] : []));
    const there = extra.flatMap(({ found }) => (found === undefined ? [] : [found]));
    const own = await this.#get(asking, [...asked.keys()]);
    const all = [...own.map(({ name, found }) => found ?? lost(name)), ...there].sort((a, b) => (a.ref.name < b.ref.name ? -1 : 1));
    this.facts.evidence('witness', 'reused', all.length);
    return {
      witnesses: all.map(({ ref }) => ref),
      envelopes: all.map(({ envelope }) => envelope),
      leftOut: [...gone, ...may.slice(room)].sort(),
      remembered: new Set(there.map(({ ref }) => ref.name)),
      refuting: new Set(refuting),
    };
  }

  /** By name: of the claimed incidents, and those recorded on the artifacts. */
  async #asked(asking: Asking): Promise<ReadonlyMap<string, WitnessRef>> {
    const { question } = asking;
    const incidents = claimedIncidents(question.claims);
    await Promise.all(incidents.map((incident) => this.witnesses.requireIncident(callOf(asking, 'incident'), incident)));
    const lists = await Promise.all([
      ...incidents.map((incident) => this.witnesses.ofIncident(callOf(asking, 'witnesses'), incident)),
      ...artifactsOf(question).map((sha256) => this.witnesses.ofArtifact(callOf(asking, 'witnesses'), sha256)),
    ]);
    return new Map(lists.flat().map((witness) => [witness.name, witness]));
  }

  #get(asking: Asking, names: readonly string[]) {
    return atOnce(names, limits.verificationsAtOnce, async (name) => ({ name, found: await this.witnesses.get(callOf(asking, 'witness'), name) }));
  }

  /** A witness without a result must not look as if there was no witness: then nothing about witnesses is known. */
  async #replay(asking: Asking, { witnesses, remembered, refuting }: Found, replaysMin: number): Promise<readonly Uint8Array[]> {
    const { baseline, candidate } = asking.question;
    const onCandidate = { side: 'candidate', sha256: candidate.sha256 } as const;
    const onBoth = baseline.sha256 === candidate.sha256 ? [onCandidate] : [{ side: 'baseline', sha256: baseline.sha256 } as const, onCandidate];
    const orders = witnesses.flatMap((witness): Order[] => (remembered.has(witness.name) ? [onCandidate] : onBoth).map(({ side, sha256 }) => ({ witness, side, sha256, isDisputed: side === 'candidate' && refuting.has(witness.name) })));
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

  async #replayOnce(asking: Asking, { witness, sha256, isDisputed }: Order, replaysMin: number): Promise<ReplayEvidence | undefined> {
    const call = callOf(asking, `replay ${witness.name} ${sha256} ${replaysMin}`);
    const result = await unlessSilent('witness', asking, this.facts, () => this.witnesses.replay(call, { witness: witness.name, artifactSha256: sha256, replays: replaysMin, fresh: isDisputed }));
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

/** @throws DomainError EVALUATION_FAILED: a decision about fewer would leave out what speaks against the release */
function requireFew(witnesses: number): void {
  if (witnesses <= limits.witnessesMax) return;
  throw new DomainError('EVALUATION_FAILED', { problem: 'too many witnesses', witnesses: String(witnesses), witnessesMax: String(limits.witnessesMax) });
}

function lost(witness: string): never {
  throw new DomainError('REMOTE_FAILED', { service: 'frvf', missing: 'a witness that it lists', witness });
}

function counted({ witnesses, remembered, leftOut }: Found): string {
  const all = witnesses.length === 1 ? 'one witness' : `${witnesses.length} witnesses`;
  const earlier = remembered.size > 0 ? `, ${remembered.size} of earlier releases` : '';
  return `${all}${earlier}${leftOut.length > 0 ? `; ${leftOut.length} left out` : ''}`;
}

function told(result: ReplayEvidence | undefined): string {
  if (result === undefined) return 'no answer';
  return result.envelope === undefined ? `no result: ${result.failureReason}` : `${result.outcome}, ${result.successes} of ${result.replays}`;
}
