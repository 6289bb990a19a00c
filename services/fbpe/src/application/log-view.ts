import { DomainError } from '@stella/errors';
import { encodeNote, encodeTlogProof, parseNote, parseSignatureLines, TileTree, withSignatures } from '@stella/transparency-log';
import type { TileStore } from './ports.js';

/** The own log as others see it. */
export class LogView {
  constructor(private readonly tiles: TileStore) {}

  /** The latest checkpoint with every cosignature known. @throws DomainError `LOG_ROLLED_BACK` where none was ever signed */
  async latest(): Promise<{ readonly note: Uint8Array; readonly size: number }> {
    const head = await this.tiles.head();
    if (!head) throw new DomainError('LOG_ROLLED_BACK', { storedSize: '0' });
    return { note: await this.#cosigned(head.size), size: head.size };
  }

  /** A tile or bundle by its path; undefined: there is none. */
  resource(path: string): Promise<Uint8Array | undefined> {
    return this.tiles.reader().read(path);
  }

  /**
   * Makes C2SP tlog-proofs for entries of this log. They lead to the newest checkpoint that a peer has cosigned, or to the
   * latest one where none is that has the entry.
   */
  prover(): (index: number) => Promise<Uint8Array> {
    const trees = new Map<number, TileTree>();
    const notes = new Map<number, Promise<Uint8Array>>();
    return async (index) => {
      const size = (await this.tiles.cosignedSize(index)) ?? (await this.tiles.head())?.size ?? 0;
      const tree = trees.get(size) ?? new TileTree(this.tiles.reader(), size);
      const note = notes.get(size) ?? this.#cosigned(size);
      trees.set(size, tree);
      notes.set(size, note);
      return encodeTlogProof({ index, inclusion: await tree.inclusionProof(index), checkpoint: await note });
    };
  }

  async #cosigned(size: number): Promise<Uint8Array> {
    const found = await this.tiles.checkpoint(size);
    if (!found) throw new DomainError('CHECKPOINT_UNKNOWN', { size: String(size) });
    return encodeNote(withSignatures(parseNote(found.note), parseSignatureLines(found.lines.join(''))));
  }
}
