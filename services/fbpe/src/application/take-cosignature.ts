import { DomainError } from '@stella/errors';
import { formatSignatureLines, parseCheckpoint, parseNote, verifyNote } from '@stella/transparency-log';
import { isSameOperator } from '../domain/peering.js';
import { asCheckpointError } from './freeze-peering.js';
import type { FederationFacts, OwnNode, PeeringRepository, TileStore } from './ports.js';

/** Takes the cosignatures that peers made of our checkpoints. They prove themselves: no caller has to be known. */
export class TakeCosignature {
  constructor(
    private readonly own: OwnNode,
    private readonly tiles: TileStore,
    private readonly peerings: PeeringRepository,
    private readonly facts: FederationFacts,
    private readonly clock: () => Date,
  ) {}

  /**
   * @returns how many cosignatures the checkpoint has now
   * @throws DomainError `CHECKPOINT_UNKNOWN` for one that this log did not sign, `CHECKPOINT_INVALID`, `COSIGNATURE_INVALID`
   */
  async execute(origin: string, bytes: Uint8Array): Promise<number> {
    const { note, size } = this.#read(bytes);
    const stored = origin === this.own.origin ? await this.tiles.checkpoint(size) : undefined;
    if (!stored || parseNote(stored.note).text !== note.text) throw new DomainError('CHECKPOINT_UNKNOWN', { origin: origin.slice(0, 256), size: String(size) });
    let taken = 0;
    for (const peering of await this.peerings.active()) {
      const key = peering.cosignerKey;
      for (const signature of note.signatures) {
        if (signature.name !== key.name || signature.keyId !== key.keyId || !isSignedBy(note, signature, key)) continue;
        const { organisation } = peering;
        const cosignature = { size, keyFingerprint: key.publicKey.fingerprint, organisation, sameOperator: isSameOperator(peering, this.own), line: formatSignatureLines([signature]), at: this.clock() };
        await this.tiles.addCosignature(cosignature);
        this.facts.cosignatureTaken(cosignature);
        taken += 1;
      }
    }
    if (taken === 0) throw new DomainError('COSIGNATURE_INVALID', { size: String(size), signatures: String(note.signatures.length) });
    return (await this.tiles.checkpoint(size))?.lines.length ?? 0;
  }

  #read(bytes: Uint8Array) {
    try {
      const note = parseNote(bytes);
      return { note, size: parseCheckpoint(note.text).size };
    } catch (error) {
      throw asCheckpointError(error);
    }
  }
}

function isSignedBy(note: ReturnType<typeof parseNote>, signature: ReturnType<typeof parseNote>['signatures'][number], key: Parameters<typeof verifyNote>[1][number]): boolean {
  try {
    verifyNote({ text: note.text, signatures: [signature] }, [key]);
    return true;
  } catch {
    return false;
  }
}
