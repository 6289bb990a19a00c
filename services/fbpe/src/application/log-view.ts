import { DomainError } from '@stella/errors';
import { encodeNote, encodeTlogProof, parseNote, parseSignatureLines, TileTree, withSignatures } from '@stella/transparency-log';
import type { CosignedCheckpoint, TileStore } from './ports.js';

/** Trees that are kept: a tree of one size never changes, and most proofs lead to the latest or the last cosigned one. */
const TREES_MAX = 4;

/** The own log as others see it. */
export class LogView {
  readonly #trees = new Map<number, TileTree>();

  constructor(private readonly tiles: TileStore) {}

  /** The latest checkpoint with every cosignature known. @throws DomainError `CHECKPOINT_UNKNOWN` where none was ever signed */
  async latest(): Promise<{ readonly note: Uint8Array; readonly size: number }> {
    const size = (await this.tiles.head())?.size;
    const found = size === undefined ? undefined : await this.tiles.checkpoint(size);
    if (size === undefined || !found) throw new DomainError('CHECKPOINT_UNKNOWN', { size: String(size ?? 0) });
    return { note: cosigned(found), size };
  }

  /** A tile or bundle by its path; undefined: there is none. */
  resource(path: string): Promise<Uint8Array | undefined> {
    return this.tiles.reader().read(path);
  }

  /**
   * A C2SP tlog-proof of an entry. It leads to the newest checkpoint that a peer has cosigned, or to the latest one where
   * none is that has the entry.
   * @throws DomainError `ENTRY_NOT_FOUND` for an index that the log has not
   */
  async prove(index: number): Promise<Uint8Array> {
    const best = await this.tiles.bestCheckpoint(index);
    if (!best) throw new DomainError('ENTRY_NOT_FOUND', { index: String(index) });
    try {
      return encodeTlogProof({ index, inclusion: await this.#tree(best.size).inclusionProof(index), checkpoint: cosigned(best) });
    } catch (error) {
      // The tree remembers a tile that could not be read, too.
      this.#trees.delete(best.size);
      throw error;
    }
  }

  #tree(size: number): TileTree {
    const known = this.#trees.get(size);
    if (known) return known;
    const [oldest] = this.#trees.size >= TREES_MAX ? this.#trees.keys() : [];
    if (oldest !== undefined) this.#trees.delete(oldest);
    const tree = new TileTree(this.tiles.reader(), size);
    this.#trees.set(size, tree);
    return tree;
  }
}

function cosigned({ note, lines }: CosignedCheckpoint): Uint8Array {
  return encodeNote(withSignatures(parseNote(note), parseSignatureLines(lines.join(''))));
}
