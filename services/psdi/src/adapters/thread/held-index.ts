import { type UnitIndex, unpackSet, unpackSides } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { PackedBytes, SideRequest } from './messages.js';

/** Parsed side records take about this many times the bytes of their text. */
const SIDES_IN_MEMORY_FACTOR = 4;

/** An index that is parsed when it is first asked for. */
export class HeldIndex {
  #packed: PackedBytes | undefined;
  #index: Omit<UnitIndex, 'lifter'> | undefined;
  readonly sizeBytes: number;

  constructor(packed: PackedBytes) {
    this.#packed = packed;
    this.sizeBytes = packed.set.byteLength + SIDES_IN_MEMORY_FACTOR * packed.sides.byteLength;
  }

  /** @throws DomainError INDEX_INVALID when it is not the index that was signed */
  for({ ref, unitsWithSide }: SideRequest): UnitIndex {
    const index = (this.#index ??= this.#parse());
    const root = index.set.root.toString('hex');
    if (root !== ref.root) throw new DomainError('INDEX_INVALID', { root, expected: ref.root });
    // Leaves may leave references to the bijection: without its side record a unit could not be compared.
    if (index.sides.size !== unitsWithSide) throw new DomainError('INDEX_INVALID', { sides: String(index.sides.size), unitsWithSide: String(unitsWithSide) });
    return { ...index, lifter: ref.lifter };
  }

  #parse(): Omit<UnitIndex, 'lifter'> {
    if (this.#packed === undefined) throw new DomainError('INDEX_INVALID', { why: 'it could not be parsed before' });
    const { set, sides } = this.#packed;
    this.#packed = undefined;
    return { set: unpackSet(buffer(set)), sides: new Map(unpackSides(buffer(sides)).map((side) => [side.id, side])) };
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
