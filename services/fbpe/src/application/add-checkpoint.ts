import { isDomainError } from '@stella/errors';
import { decideAddCheckpoint, equalHashes, formatSignatureLines, parseAddCheckpoint, parseNote, signNote, verifyCheckpoint, type AddCheckpoint as Request, type Checkpoint } from '@stella/transparency-log';
import type { Tx } from '@stella/platform-database';
import { logIdentityOf, type Peering } from '../domain/peering.js';
import type { FreezePeering } from './freeze-peering.js';
import type { FederationFacts, OwnNode, PeeringRepository, Transactions } from './ports.js';

/** What a witness answers, by HTTP status: C2SP tlog-witness. */
export interface WitnessAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/** Cosigns a peer's checkpoint that is consistent with the one accepted last. */
export class AddCheckpoint {
  constructor(
    private readonly own: OwnNode,
    private readonly transactions: Transactions,
    private readonly peerings: PeeringRepository,
    private readonly freeze: FreezePeering,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  async execute(body: Uint8Array): Promise<WitnessAnswer> {
    const request = parse(body);
    if (!request) return { status: 400, body: 'not an add-checkpoint request\n' };
    const known = await this.peerings.byOrigin(request.origin);
    const decided = await this.transactions.tx((tx) => this.#decide(tx, request.request, known?.id));
    if (decided.equivocation && known?.seenCheckpoint) {
      await this.freeze.execute(known, { reason: 'LOG_EQUIVOCATES', provable: true, first: known.seenCheckpoint, second: request.request.checkpoint, facts: {} });
    }
    if (decided.answer) return decided.answer;
    const signature = await signNote(decided.text, this.own.cosigner, Math.floor(this.clock().getTime() / 1000));
    this.facts.checkpointCosigned(request.origin, decided.size);
    return { status: 200, body: formatSignatureLines([signature]) };
  }

  async #decide(tx: Tx, request: Request, peeringId: string | undefined): Promise<Decided> {
    const peering = peeringId === undefined ? undefined : await this.peerings.lock(tx, peeringId);
    const active = peering?.state === 'active' ? peering : undefined;
    const latest = active && lastOf(active);
    const decision = decideAddCheckpoint(request, active && logIdentityOf(active), latest);
    if (decision.status === 200 && active) {
      await this.peerings.accept(tx, active.id, request.checkpoint);
      return { text: decision.text, size: decision.checkpoint.size };
    }
    if (decision.status === 409) {
      return { text: '', size: 0, answer: { status: 409, contentType: 'text/x.tlog.size', body: `${decision.size}\n` } };
    }
    const problem = 'problem' in decision ? decision.problem : 'unknown log';
    const equivocation = decision.status === 422 && active !== undefined && latest !== undefined && isAnotherTree(request, active, latest);
    return { text: '', size: 0, equivocation, answer: { status: decision.status === 200 ? 404 : decision.status, body: `${problem}\n` } };
  }
}

interface Decided {
  readonly text: string;
  readonly size: number;
  readonly answer?: WitnessAnswer;
  readonly equivocation?: boolean;
}

function parse(body: Uint8Array): { readonly request: Request; readonly origin: string } | undefined {
  try {
    const request = parseAddCheckpoint(body);
    return { request, origin: parseNote(request.checkpoint).text.split('\n', 1)[0] ?? '' };
  } catch (error) {
    if (isDomainError(error)) return undefined;
    throw error;
  }
}

function lastOf(peering: Peering): Checkpoint | undefined {
  return peering.seenCheckpoint && verifyCheckpoint(peering.seenCheckpoint, logIdentityOf(peering)).checkpoint;
}

/** Two trees of one size, both signed: proof by itself. */
function isAnotherTree(request: Request, peering: Peering, latest: Checkpoint): boolean {
  const { checkpoint } = verifyCheckpoint(request.checkpoint, logIdentityOf(peering));
  return checkpoint.size === latest.size && !equalHashes(checkpoint.rootHash, latest.rootHash);
}
