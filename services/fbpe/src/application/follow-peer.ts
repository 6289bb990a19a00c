import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, isDomainError } from '@stella/errors';
import { followCheckpoint, type Advance, type TileReader, type VerifiedCheckpoint } from '@stella/transparency-log';
import { logIdentityOf, type Peering } from '../domain/peering.js';
import { limits } from '../limits.js';
import { asCheckpointError, type FreezePeering } from './freeze-peering.js';
import type { MisbehaviourEvidence, OwnNode, PeerConnection } from './ports.js';

/** A checkpoint that may be believed, and the tiles that it was checked with. */
export interface Followed {
  readonly latest: VerifiedCheckpoint;
  readonly note: Uint8Array;
  readonly tiles: TileReader;
  readonly carriesOwnCosignature: boolean;
}

/**
 * Compares what a peer's log offers with what it showed before. A stale cache or a damaged transfer looks like a bad log
 * once, so that a peer is asked again past caches before its answer is held against it.
 */
export class FollowPeer {
  constructor(
    private readonly own: OwnNode,
    private readonly freeze: FreezePeering,
  ) {}

  /**
   * @param use works with the tiles; what they do not hash to is the log's fault
   * @throws DomainError `CHECKPOINT_INVALID`, `PEER_UNREACHABLE`; after freezing `LOG_EQUIVOCATES`, `PEERING_FROZEN`
   */
  async execute<T>(peering: Peering, connection: PeerConnection, use: (followed: Followed) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const offered = await connection.checkpoint();
      const found = await this.#try(peering, connection, offered, use);
      if (found.ok) return found.value;
      if (found.evidence.provable || attempt >= limits.peerAttemptsMax) throw await this.freeze.execute(peering, found.evidence);
      await delay(limits.peerRetryPauseMs * attempt);
    }
  }

  async #try<T>(peering: Peering, connection: PeerConnection, offered: Uint8Array, use: (followed: Followed) => Promise<T>): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly evidence: MisbehaviourEvidence }> {
    const tiles = connection.tiles();
    try {
      const advance = await this.#advance(peering, offered, tiles);
      const evidence = evidenceOf(advance, peering, offered);
      if (evidence) return { ok: false, evidence };
      if (advance.outcome === 'misbehaved' || advance.outcome === 'behind') throw new Error('unreachable');
      const { latest } = advance;
      return { ok: true, value: await use({ latest, note: offered, tiles, carriesOwnCosignature: latest.cosignatures.length > 0 }) };
    } catch (error) {
      if (isDomainError(error, 'TLOG_TILE_MISSING')) throw new DomainError('PEER_UNREACHABLE', { ...error.facts, problem: 'a tile is missing' }, { cause: error });
      if (!isDomainError(error, 'TLOG_PROOF_INVALID') && !isDomainError(error, 'TLOG_TILE_INVALID')) throw asCheckpointError(error);
      // Nobody signed a tile: it shows that the log cannot be followed, and proves nothing to third parties.
      const reason = error.reason as 'TLOG_PROOF_INVALID' | 'TLOG_TILE_INVALID';
      return { ok: false, evidence: { reason, provable: false, first: peering.seenCheckpoint, second: offered, facts: error.facts } };
    }
  }

  #advance(peering: Peering, offered: Uint8Array, reader: TileReader): Promise<Advance> {
    const log = logIdentityOf(peering);
    return followCheckpoint({ log, witnesses: [this.own.cosigner.key], seen: peering.seenCheckpoint, offered, reader });
  }
}

function evidenceOf(advance: Advance, peering: Peering, offered: Uint8Array): MisbehaviourEvidence | undefined {
  if (advance.outcome === 'misbehaved') {
    const { first, second, fork } = advance.evidence;
    return { reason: 'LOG_EQUIVOCATES', provable: true, first, second, ...(fork ? { fork } : {}), facts: {} };
  }
  if (advance.outcome !== 'behind') return undefined;
  const facts = { seenSize: String(advance.latest.checkpoint.size) };
  return { reason: 'TLOG_ROLLED_BACK', provable: false, first: peering.seenCheckpoint, second: offered, facts };
}
