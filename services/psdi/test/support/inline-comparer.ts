import { parseEnvelope, parseStatement } from '@stella/attestation';
import { type LifterIdentity, type UnitIndex, unpackSet, unpackSides } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { Comparer, IndexStore, LiftedSide, PackedIndex } from '../../src/application/ports.js';
import type { IndexRecord } from '../../src/domain/index-record.js';
import { type MadeDelta, makeDelta } from '../../src/domain/make-delta.js';
import { recheckDelta, type RecheckFault } from '../../src/domain/recheck-delta.js';

/** The port's fake: compares where it is called. */
export class InlineComparer implements Comparer {
  readonly #kept = new Map<string, PackedIndex>();

  constructor(private readonly store: IndexStore) {}

  keep({ setSha256 }: IndexRecord, index: PackedIndex): void {
    this.#kept.set(setSha256, index);
  }

  async compare(baseline: IndexRecord, candidate: IndexRecord): Promise<MadeDelta> {
    const side = async (record: IndexRecord) => {
      const { predicate, summary, setSha256 } = record;
      const packed = this.#kept.get(setSha256) ?? (await this.store.load(record));
      this.keep(record, packed);
      return { ref: refOf(record), index: parsed(packed, predicate, summary.unitsByKind), modulePaths: summary.modulePaths };
    };
    const old = await side(baseline);
    return makeDelta(old, await side(candidate));
  }

  async recheck(envelope: Uint8Array, old: LiftedSide, next: LiftedSide): Promise<RecheckFault | undefined> {
    const side = ({ ref, index, unitsByKind }: LiftedSide) => ({ ref, index: parsed(index, ref, unitsByKind) });
    return recheckDelta(parseStatement(parseEnvelope(envelope).payload).predicate, side(old), side(next));
  }
}

function refOf({ predicate: { artifactSha256, lifter, root, sums } }: IndexRecord) {
  return { artifactSha256, lifter, root, sums };
}

function parsed({ set: packed, sides }: PackedIndex, { root, lifter }: { readonly root: string; readonly lifter: LifterIdentity }, counts: IndexRecord['summary']['unitsByKind']): UnitIndex {
  const index = { set: unpackSet(packed), sides: new Map(unpackSides(sides).map((each) => [each.id, each])), lifter };
  if (index.set.root.toString('hex') !== root || index.sides.size !== counts.function + counts.data + counts.residual) throw new DomainError('INDEX_INVALID', {});
  return index;
}
