import { PREDICATE_TYPES } from '@stella/attestation';
import type { Peering } from '../domain/peering.js';
import type { CheckEntries } from './check-entries.js';
import type { CosignPeer } from './cosign-peer.js';
import type { FetchPayloads } from './fetch-payloads.js';
import type { Followed, FollowPeer } from './follow-peer.js';
import { requireActive } from './freeze-peering.js';
import type { Peerings } from './peerings.js';
import type { FederationFacts, Locks, OwnNode, PeerConnection, PeerConnections, PeeringRepository, PullReport, VerificationRepository } from './ports.js';
import type { StoreEntries } from './store-entries.js';

/** An entry about which no peer has said anything for this long counts against its peers. */
const STALE_AFTER_MS = 24 * 3_600_000;

/**
 * Follows a peer's log once: verifies, stores, cosigns, cross-verifies. Every step is safe to repeat; one process of the
 * node at a time does it, so that nothing is lifted twice.
 */
export class PullPeer {
  readonly #underWay = new Map<string, Promise<PullReport>>();

  constructor(
    private readonly own: OwnNode,
    private readonly peerings: Peerings,
    private readonly repository: PeeringRepository,
    private readonly connections: PeerConnections,
    private readonly steps: { readonly follow: FollowPeer; readonly store: StoreEntries; readonly cosign: CosignPeer; readonly payloads: FetchPayloads; readonly check: CheckEntries },
    private readonly verifications: VerificationRepository,
    private readonly locks: Locks,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  /**
   * Who asks while a pull is under way gets its answer.
   * @throws DomainError `PEERING_NOT_FOUND`, `PEERING_FROZEN`, `PEER_UNREACHABLE`, `CHECKPOINT_INVALID`, `LOG_EQUIVOCATES`
   */
  async execute(tenant: string, id: string, signal: AbortSignal): Promise<PullReport> {
    await this.peerings.one(tenant, id);
    const running = this.#underWay.get(id);
    if (running) return running;
    const pull = this.locks.hold(lockOf(id), signal, () => this.#pull(tenant, id, signal)).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, pull);
    return pull;
  }

  /** As `execute`, unless somebody is at it already: undefined then. */
  async executeIfFree(tenant: string, id: string, signal: AbortSignal): Promise<PullReport | undefined> {
    if (this.#underWay.has(id)) return undefined;
    return this.locks.tryHold(lockOf(id), () => this.#pull(tenant, id, signal));
  }

  /** As the peering is by now: another process may have followed it since. */
  async #pull(tenant: string, id: string, signal: AbortSignal): Promise<PullReport> {
    const peering = await this.peerings.one(tenant, id);
    requireActive(peering);
    const connection = this.connections.to(peering, signal);
    try {
      const log = await this.steps.follow.execute(peering, connection, async (followed) => {
        const isAccepted = await this.steps.cosign.accept(peering, followed.note);
        const stored = isAccepted ? await this.steps.store.execute(peering, followed) : { verifiedSize: peering.verifiedSize, entriesNew: 0 };
        return { ...stored, followed, isAccepted };
      });
      const cosigned = await this.#cosign(peering, connection, log);
      // A peer that hands out no payloads, e.g. before its operator agreed too, does not keep earlier ones from being checked.
      const [payloads] = await Promise.allSettled([this.steps.payloads.execute(peering, connection)]);
      const tally = await this.steps.check.execute(peering, signal);
      if (payloads.status === 'rejected') throw payloads.reason;
      const { verifiedSize, entriesNew } = log;
      const report: PullReport = { verifiedSize, entriesNew, ...tally, cosigned };
      await this.repository.pulled(peering.id, this.clock());
      this.facts.pulled(peering, report);
      await this.#tally();
      return report;
    } catch (error) {
      this.facts.pullFailed(peering, error);
      throw error;
    }
  }

  /** Says whether the peer has our cosignature of the checkpoint now. */
  async #cosign(peering: Peering, connection: PeerConnection, { followed, verifiedSize, isAccepted }: { readonly followed: Followed; readonly verifiedSize: number; readonly isAccepted: boolean }): Promise<boolean> {
    const { latest, carriesOwnCosignature } = followed;
    if (carriesOwnCosignature) return true;
    if (!isAccepted || verifiedSize !== latest.checkpoint.size) return false;
    await this.steps.cosign.execute(peering, latest, connection);
    return true;
  }

  /** The share of own delta proofs that peers confirmed, of all about which they should have said something. */
  async #tally(): Promise<void> {
    const silentSince = new Date(this.clock().getTime() - STALE_AFTER_MS);
    const { agrees, disagrees, cannot, silent } = await this.verifications.tally(PREDICATE_TYPES.deltaProof, this.own.evidence.keyId, silentSince);
    const all = agrees + disagrees + cannot + silent;
    this.facts.tallied(all === 0 ? undefined : agrees / all);
  }
}

function lockOf(id: string): string {
  return `pull ${id}`;
}
