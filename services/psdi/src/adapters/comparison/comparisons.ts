import { type UnitIndex, unpackSet, unpackSides } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import { makeDelta } from '../../domain/make-delta.js';
import { recheckDelta } from '../../domain/recheck-delta.js';
import { limits } from '../../limits.js';
import { LruByBytes } from '../lru-by-bytes.js';
import type { ComparisonAnswer, ComparisonRequest, PackedBytes, SideRequest } from './messages.js';

/** Parsed side records take about this many times the bytes of their text. */
const SIDES_IN_MEMORY_FACTOR = 4;

/** What the comparison thread does, one request after the other: the indexes lately used stay parsed. */
export class Comparisons {
  readonly #held = new LruByBytes<HeldIndex>(limits.hotIndexBytesMax);

  /** @throws DomainError as `Comparer` */
  answer(request: ComparisonRequest): ComparisonAnswer | undefined {
    const brought = new Map([...request.brought].map(([key, packed]) => [key, new HeldIndex(packed)]));
    const hold = (): void => brought.forEach((index, key) => this.#held.set(key, index, index.sizeBytes));
    if (request.op === 'keep') {
      hold();
      return undefined;
    }
    const { old, next } = request;
    // Found before anything is held: holding one may push out another.
    const [before, after] = [old, next].map(({ key }) => brought.get(key) ?? this.#held.get(key));
    if (before === undefined || after === undefined) return { missing: [old.key, next.key].filter((key) => !brought.has(key) && this.#held.get(key) === undefined) };
    const sides = [{ ...old, index: before.for(old) }, { ...next, index: after.for(next) }] as const;
    if (request.op === 'recheck') return { fault: recheckDelta(request.proof, ...sides) };
    hold();
    return { made: makeDelta(...sides) };
  }
}

/** Parsed when it is first asked for. */
class HeldIndex {
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
    const { set, sides } = index;
    const root = set.root.toString('hex');
    if (root !== ref.root) throw new DomainError('INDEX_INVALID', { root, expected: ref.root });
    // Leaves may leave references to the bijection: without its side record a unit could not be compared.
    if (sides.size !== unitsWithSide) throw new DomainError('INDEX_INVALID', { sides: String(sides.size), unitsWithSide: String(unitsWithSide) });
    return { ...index, lifter: ref.lifter };
  }

  #parse(): Omit<UnitIndex, 'lifter'> {
    if (this.#packed === undefined) throw new Error('it was parsed before');
    const { set, sides } = this.#packed;
    const index = { set: unpackSet(buffer(set)), sides: new Map(unpackSides(buffer(sides)).map((side) => [side.id, side])) };
    this.#packed = undefined;
    return index;
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
