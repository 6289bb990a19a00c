import { encodeNote, signNote, withSignatures, type VerifiedCheckpoint } from '@stella/transparency-log';
import type { Peering } from '../domain/peering.js';
import type { FederationFacts, ForeignRepository, OwnNode, PeerConnection, PeeringRepository, Transactions } from './ports.js';

/** Cosigns a peer's checkpoint whose entries were all verified (C2SP tlog-cosignature), and sends it there. */
export class CosignPeer {
  constructor(
    private readonly own: OwnNode,
    private readonly transactions: Transactions,
    private readonly peerings: PeeringRepository,
    private readonly foreign: ForeignRepository,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  /**
   * Remembers a checkpoint that is consistent with the last one, before anything is taken from its tree: what is pulled in
   * parts must be of one history. False when another one was accepted meanwhile.
   */
  accept(peering: Peering, note: Uint8Array): Promise<boolean> {
    return this.transactions.tx(async (tx) => {
      const locked = await this.peerings.lock(tx, peering.id);
      const isAsFollowed = sameBytes(locked?.seenCheckpoint, peering.seenCheckpoint) || sameBytes(locked?.seenCheckpoint, note);
      if (locked?.state !== 'active' || !isAsFollowed) return false;
      await this.peerings.accept(tx, peering.id, note);
      return true;
    });
  }

  /** Only of what was accepted before: a crash in between must not leave a cosignature that nobody remembers. */
  async execute(peering: Peering, { checkpoint, note }: VerifiedCheckpoint, connection: PeerConnection): Promise<void> {
    const signature = await signNote(note.text, this.own.cosigner, Math.floor(this.clock().getTime() / 1000));
    const cosigned = encodeNote(withSignatures(note, [signature]));
    await this.transactions.tx((tx) => this.foreign.saveCheckpoint(tx, peering.id, checkpoint.size, cosigned));
    await connection.submitCosignature(cosigned);
    this.facts.checkpointCosigned(peering.origin, checkpoint.size);
  }
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b);
}
