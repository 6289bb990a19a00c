import { isDomainError } from '@stella/errors';
import { count, members, parseIndexRef } from '../index-root.js';
import { encodeLeaf, type Leaf } from '../leaf.js';
import { LIMITS } from '../limits.js';
import type { ListedLeaf } from '../merkle/fold-frame.js';
import type { Sums } from '../merkle/sums.js';
import { MATCHES, type Match, UNIT_CLASSES, type UnitClass } from '../unit-class.js';
import { compareUtf8, isStrictlySorted } from '../utf8-order.js';
import type { DeltaProof, ProofUnit } from './delta-proof.js';

export type ProofFault =
  | 'PROOF_MALFORMED'
  | 'PROOF_TOO_LARGE'
  | 'PROOF_INDEX_MISMATCH'
  | 'PROOF_LIFTER_MISMATCH'
  | 'PROOF_UNITS_UNORDERED'
  | 'PROOF_LEAF_INVALID'
  | 'PROOF_CLASS_FALSE'
  | 'PROOF_FRAME_BROKEN'
  | 'PROOF_OLD_ROOT_MISMATCH'
  | 'PROOF_NEW_ROOT_MISMATCH'
  | 'PROOF_COUNTS_FALSE';

/** The first thing that is wrong with a proof: an error of the catalogue, with facts. */
export class ProofRefused extends Error {
  constructor(
    readonly reason: ProofFault,
    readonly facts: Readonly<Record<string, string>>,
  ) {
    super(reason);
  }
}

export interface ParsedUnit {
  readonly class: UnitClass;
  readonly match: Match;
  readonly old: ListedLeaf | null;
  readonly new: ListedLeaf | null;
}

export interface ParsedProof extends Omit<DeltaProof, 'units' | 'references' | 'frame'> {
  readonly units: readonly ParsedUnit[];
  readonly frame: Buffer;
}

const CLASSES: ReadonlySet<unknown> = new Set(UNIT_CLASSES);
const MATCH_SET: ReadonlySet<unknown> = new Set(MATCHES);

/** Reads a predicate of another's making: shape, bounds, order. @throws ProofRefused */
export function parseProof(value: unknown): ParsedProof {
  try {
    return parse(value);
  } catch (error) {
    if (isDomainError(error, 'INDEX_INVALID')) throw new ProofRefused('PROOF_MALFORMED', error.facts);
    throw error;
  }
}

function parse(value: unknown): ParsedProof {
  const at = members(value, ['old', 'new', 'units', 'references', 'frame', 'counts', 'unlisted', 'declared'], 'proof');
  if (!Array.isArray(at.units)) throw new ProofRefused('PROOF_MALFORMED', { member: 'units' });
  if (at.units.length > LIMITS.proofUnitsMax) throw new ProofRefused('PROOF_TOO_LARGE', { unitsMax: String(LIMITS.proofUnitsMax) });
  const references = new References(at.references);
  const declared = members(at.declared, ['relocatedUnits', 'bijectionSize'], 'declared');
  const proof = {
    old: parseIndexRef(at.old),
    new: parseIndexRef(at.new),
    units: at.units.map((unit, index) => parseUnit(unit, index, references)),
    frame: parseFrameText(at.frame),
    counts: parseCounts(at.counts),
    unlisted: parseSums(at.unlisted),
    declared: {
      relocatedUnits: count(declared.relocatedUnits, 'relocatedUnits'),
      bijectionSize: count(declared.bijectionSize, 'bijectionSize'),
    },
  };
  requireOrder(proof.units);
  references.requireAllUsed();
  return proof;
}

function parseUnit(value: unknown, index: number, references: References): ParsedUnit {
  const unit = members(value, ['class', 'match', 'old', 'new'], 'units') as unknown as ProofUnit;
  if (!CLASSES.has(unit.class) || !MATCH_SET.has(unit.match)) throw new ProofRefused('PROOF_MALFORMED', { unit: String(index) });
  return {
    class: unit.class,
    match: unit.match,
    old: parseSide(unit.old, index, references),
    new: parseSide(unit.new, index, references),
  };
}

function parseSide(value: unknown, index: number, references: References): ListedLeaf | null {
  if (value === null) return null;
  const found = members(value, ['e1', 'id', 'kind', 'name', 'refs', 'residual', 'size'], `unit ${index}`);
  const leaf = { ...found, refs: references.resolve(found.refs) } as Leaf;
  try {
    return { leaf, bytes: encodeLeaf(leaf) };
  } catch (error) {
    if (isDomainError(error)) throw new ProofRefused('PROOF_LEAF_INVALID', { unit: String(index), ...error.facts });
    throw error;
  }
}

/** The table of references: one spelling only, so nothing in it that no leaf uses. */
class References {
  readonly #ids: readonly string[];
  readonly #used: Uint8Array;

  constructor(value: unknown) {
    const isTable = Array.isArray(value) && value.every((id) => typeof id === 'string' && id.isWellFormed());
    if (!isTable || !isStrictlySorted(value as string[])) throw new ProofRefused('PROOF_MALFORMED', { member: 'references' });
    this.#ids = value as string[];
    this.#used = new Uint8Array(this.#ids.length);
  }

  resolve(value: unknown): string[] {
    if (!Array.isArray(value)) throw new ProofRefused('PROOF_MALFORMED', { member: 'refs' });
    return value.map((place: unknown) => {
      const id = Number.isInteger(place) ? this.#ids[place as number] : undefined;
      if (id === undefined) throw new ProofRefused('PROOF_MALFORMED', { member: 'refs' });
      this.#used[place as number] = 1;
      return id;
    });
  }

  requireAllUsed(): void {
    const unused = this.#used.indexOf(0);
    if (unused >= 0) throw new ProofRefused('PROOF_MALFORMED', { member: 'references', unused: String(unused) });
  }
}

function requireOrder(units: readonly ParsedUnit[]): void {
  const seen = { old: new Set<string>(), new: new Set<string>() };
  let before: ParsedUnit | undefined;
  for (const unit of units) {
    const id = idOf(unit);
    if (before !== undefined) {
      const order = compareUtf8(idOf(before), id);
      const sidesInOrder = before.old !== null && unit.old === null;
      if (order > 0 || (order === 0 && !sidesInOrder)) throw new ProofRefused('PROOF_UNITS_UNORDERED', { unit: id.slice(0, 200) });
    }
    for (const side of ['old', 'new'] as const) {
      const own = unit[side]?.leaf.id;
      if (own !== undefined && seen[side].has(own)) throw new ProofRefused('PROOF_UNITS_UNORDERED', { unit: own.slice(0, 200) });
      if (own !== undefined) seen[side].add(own);
    }
    before = unit;
  }
}

export function idOf(unit: ParsedUnit): string {
  const side = unit.old ?? unit.new;
  if (side === null) throw new ProofRefused('PROOF_MALFORMED', { unit: 'neither old nor new' });
  return side.leaf.id;
}

function parseFrameText(value: unknown): Buffer {
  if (typeof value !== 'string') throw new ProofRefused('PROOF_MALFORMED', { member: 'frame' });
  if (value.length > (LIMITS.frameBytesMax * 4) / 3) throw new ProofRefused('PROOF_TOO_LARGE', { frameBytesMax: String(LIMITS.frameBytesMax) });
  const bytes = Buffer.from(value, 'base64');
  // The decoder forgives much; only one spelling of the same bytes is accepted.
  if (bytes.toString('base64') !== value) throw new ProofRefused('PROOF_MALFORMED', { member: 'frame' });
  return bytes;
}

function parseCounts(value: unknown): Record<UnitClass, number> {
  const found = members(value, UNIT_CLASSES, 'counts');
  return Object.fromEntries(UNIT_CLASSES.map((name) => [name, count(found[name], name)])) as Record<UnitClass, number>;
}

function parseSums(value: unknown): Sums {
  const sums = members(value, ['units', 'sizeBytes', 'unresolved', 'residualBytes'], 'unlisted');
  return {
    units: count(sums.units, 'units'),
    sizeBytes: count(sums.sizeBytes, 'sizeBytes'),
    unresolved: count(sums.unresolved, 'unresolved'),
    residualBytes: count(sums.residualBytes, 'residualBytes'),
  };
}
