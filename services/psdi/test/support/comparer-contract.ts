import { randomBytes } from 'node:crypto';
import { buildStatement, IN_TOTO_PAYLOAD_TYPE, KeyPair, parseStatement, signEnvelope } from '@stella/attestation';
import { buildUnitIndex, encodeLeaf, type Leaf, packSet, packSides, type UnitSide } from '@stella/binary-delta';
import type { Comparer, IndexStore, LiftedSide, PackedIndex, ProofReader } from '../../src/application/ports.js';
import type { IndexRecord } from '../../src/domain/index-record.js';
import { InlineComparer } from './inline-comparer.js';

export const LIFTER = { sha256: 'ab'.repeat(32), ruleset: 'test/1' };

/** A store that notes what it was asked for. */
export class RememberingStore implements IndexStore {
  readonly loads: string[] = [];
  readonly #kept = new Map<string, PackedIndex>();

  put({ record, packed }: MadeIndex): void {
    this.#kept.set(record.setSha256, packed);
  }

  save(): never {
    throw new Error('nothing is saved here');
  }

  async load({ setSha256 }: IndexRecord): Promise<PackedIndex> {
    this.loads.push(setSha256);
    const { set, sides } = this.#kept.get(setSha256) as PackedIndex;
    return { set: Buffer.from(set), sides: Buffer.from(sides) };
  }
}

export interface MadeIndex {
  readonly record: IndexRecord;
  readonly packed: PackedIndex;
}

/** An index of functions with these bodies, as it is kept. */
export function madeIndex(bodies: Readonly<Record<string, string>>, change: { readonly sides?: readonly UnitSide[]; readonly root?: string } = {}): MadeIndex {
  const hex = (text: string): string => Buffer.from(text.padEnd(32, '.')).toString('hex').slice(0, 64);
  const leaves = Object.entries(bodies).map(([name, body]): Leaf => ({ e1: hex(body), id: `fn:${name}`, kind: 'function', name, refs: [], residual: 0, size: body.length }));
  const sides = leaves.map(({ id, e1 }): UnitSide => ({ id, e2: e1, address: '0x1000' }));
  const { set } = buildUnitIndex(leaves.map(encodeLeaf), sides, LIFTER);
  const { sizeBytes } = set.sums;
  const record: IndexRecord = {
    tenant: 'acme',
    predicate: {
      artifactSha256: randomBytes(32).toString('hex'),
      lifter: LIFTER,
      root: change.root ?? set.root.toString('hex'),
      sums: set.sums,
      artifactSizeBytes: sizeBytes,
      totals: { loadedBytes: sizeBytes, coveredBytes: sizeBytes, residualBytes: 0 },
      sidesSha256: '22'.repeat(32),
      toolchain: { name: '', version: '', gnuBuildId: '', goBuildId: '', goVersion: '', mainModule: '' },
      liftedBy: 'https://node.example',
    },
    summary: { unitsByKind: { function: leaves.length, data: 0, metadata: 0, header: 0, padding: 0, residual: 0 }, modulePaths: ['example.org/app'] },
    setSha256: randomBytes(32).toString('hex'),
    envelopeSha256: '33'.repeat(32),
    createTime: new Date(0),
  };
  return { record, packed: { set: packSet(set), sides: packSides(change.sides ?? sides) } };
}

export const liftedOf = ({ record, packed }: MadeIndex): LiftedSide => {
  const { artifactSha256, lifter, root, sums } = record.predicate;
  return { ref: { artifactSha256, lifter, root, sums }, unitsByKind: record.summary.unitsByKind, index: { set: Buffer.from(packed.set), sides: Buffer.from(packed.sides) } };
};

export interface ComparerUnderTest {
  readonly comparer: Comparer;
  readonly store: RememberingStore;
}

const predicateOf = (statement: Uint8Array) => parseStatement(statement).predicate;

/** What every Comparer must do: name → check. Each adapter's test runs all of them. */
export const COMPARER_CONTRACT: Readonly<Record<string, (under: ComparerUnderTest) => Promise<void>>> = {
  'says what changed, in statements about both artifacts': async ({ comparer, store }) => {
    const [old, next] = [madeIndex({ f: 'one', g: 'same' }), madeIndex({ f: 'two', g: 'same' })];
    [old, next].forEach((made) => store.put(made));
    const made = await comparer.compare(old.record, next.record);
    expect(made.units.map(({ unitId, change }) => [unitId, change])).toEqual([['fn:f', 'semantic']]);
    const subjects = [old, next].map(({ record }) => record.predicate.artifactSha256);
    for (const statement of [made.proof, made.scope]) expect(parseStatement(statement).subjects.map(({ sha256 }) => sha256)).toEqual(subjects);
    expect(predicateOf(made.scope)).toMatchObject({ baselineFunctions: ['f', 'g'], candidateFunctionCount: 2, modulePaths: ['example.org/app'] });
  },
  'does not load what it was given to keep': async ({ comparer, store }) => {
    const [old, next] = [madeIndex({ f: 'kept', g: 'g' }), madeIndex({ f: 'kept too', g: 'g' })];
    for (const { record, packed } of [old, next]) comparer.keep(record, { set: Buffer.from(packed.set), sides: Buffer.from(packed.sides) });
    const before = store.loads.length;
    expect((await comparer.compare(old.record, next.record)).units).toHaveLength(1);
    expect(store.loads.length).toBe(before);
  },
  'gives the same whether indexes were kept or are loaded, and loads them once': async ({ comparer, store }) => {
    const [old, next] = [madeIndex({ a: '1', b: '2' }), madeIndex({ a: '1', b: '3', c: '4' })];
    [old, next].forEach((made) => store.put(made));
    const before = store.loads.length;
    const [first, second] = [await comparer.compare(old.record, next.record), await comparer.compare(old.record, next.record)];
    expect(Buffer.from(first.proof).equals(second.proof)).toBe(true);
    expect(store.loads.slice(before)).toEqual([old.record.setSha256, next.record.setSha256]);
    // The other way round, and with itself.
    expect((await comparer.compare(next.record, old.record)).units).toHaveLength(2);
    expect((await comparer.compare(old.record, old.record)).units).toEqual([]);
  },
  'compares many pairs at once, each with its own answer': async ({ comparer, store }) => {
    const all = Array.from({ length: 6 }, (_, i) => madeIndex({ shared: 's', [`own${i}`]: `${i}` }));
    all.forEach((made) => store.put(made));
    const pairs = all.slice(1).map((made, i) => [all[i] as MadeIndex, made] as const);
    const deltas = await Promise.all(pairs.map(([old, next]) => comparer.compare(old.record, next.record)));
    deltas.forEach(({ units }, i) => expect(units.map(({ unitId }) => unitId).sort()).toEqual([`fn:own${i}`, `fn:own${i + 1}`]));
  },
  'refuses an index that is not the signed one, or lacks a side record': async ({ comparer, store }) => {
    const sound = madeIndex({ f: 'sound' });
    const cases = [madeIndex({ f: 'other root' }, { root: 'cd'.repeat(32) }), madeIndex({ f: 'no side' }, { sides: [] })];
    [sound, ...cases].forEach((made) => store.put(made));
    for (const { record } of cases) await expect(comparer.compare(sound.record, record)).rejects.toMatchObject({ reason: 'INDEX_INVALID' });
    const broken = madeIndex({ f: 'broken' });
    store.put({ ...broken, packed: { ...broken.packed, set: broken.packed.set.subarray(1) } });
    await expect(comparer.compare(sound.record, broken.record)).rejects.toMatchObject({ reason: 'INDEX_INVALID' });
    expect((await comparer.compare(sound.record, sound.record)).units).toEqual([]);
  },
  'refuses indexes of two lifters': async ({ comparer, store }) => {
    const [old, next] = [madeIndex({ f: 'f' }), madeIndex({ f: 'g' })];
    const other = { ...next, record: { ...next.record, predicate: { ...next.record.predicate, lifter: { ...LIFTER, sha256: 'cd'.repeat(32) } } } };
    [old, other].forEach((made) => store.put(made));
    await expect(comparer.compare(old.record, other.record)).rejects.toMatchObject({ reason: 'INDEXES_NOT_COMPARABLE' });
  },
  'holds a proof against two new lifts': async ({ comparer, store }) => {
    const [old, next] = [madeIndex({ f: 'one', g: 'g' }), madeIndex({ f: 'two', g: 'g' })];
    [old, next].forEach((made) => store.put(made));
    const { proof } = await comparer.compare(old.record, next.record);
    const envelope = await signed(proof);
    expect(await comparer.recheck(envelope, liftedOf(old), liftedOf(next))).toBeUndefined();
    const lie = await signed(buildStatement({ ...parseStatement(proof), predicate: { ...parseStatement(proof).predicate, declared: { relocatedUnits: 7, bijectionSize: 0 } } }));
    expect(await comparer.recheck(lie, liftedOf(old), liftedOf(next))).toMatchObject({ refusal: 'PROOF_DELTA_MISMATCH', facts: { member: 'declared' } });
    expect(await comparer.recheck(envelope, liftedOf(next), liftedOf(old))).toMatchObject({ refusal: 'PROOF_INDEX_MISMATCH' });
    const same = liftedOf(old);
    expect(await comparer.recheck(envelope, same, same)).toMatchObject({ refusal: 'PROOF_INDEX_MISMATCH' });
  },
};

/** What every ProofReader must do; it reads what `SIGNER` signed. */
export const PROOF_READER_CONTRACT: Readonly<Record<string, (reader: ProofReader) => Promise<void>>> = {
  'says what a proof is about and who signed it, and that it holds': async (reader) => {
    const { envelope, old, next } = await signedDelta();
    expect(await reader.open(envelope)).toEqual({ ok: true, old: liftedOf(old).ref, new: liftedOf(next).ref, signer: SIGNER.publicKey.fingerprint });
    expect(await reader.verify(envelope, { old: liftedOf(old).ref, new: liftedOf(next).ref })).toEqual({ ok: true, classesDeclared: 0 });
  },
  'says against which indexes it does not hold': async (reader) => {
    const { envelope, old } = await signedDelta();
    await reader.open(envelope);
    expect(await reader.verify(envelope, { old: liftedOf(old).ref, new: liftedOf(old).ref })).toMatchObject({ ok: false, refusal: 'PROOF_INDEX_MISMATCH', facts: { side: 'new' } });
  },
  'refuses what nobody trusted signed, and what is no envelope': async (reader) => {
    const { statement } = await signedDelta();
    const stranger = KeyPair.generate('ed25519');
    expect(await reader.open(await signed(statement, stranger))).toMatchObject({ ok: false, refusal: 'PROOF_SIGNATURE' });
    for (let time = 0; time < 2; time++) expect(await reader.open(Buffer.from('{}'))).toMatchObject({ ok: false, refusal: 'PROOF_MALFORMED' });
  },
};

export const SIGNER = KeyPair.generate('ed25519');

async function signed(statement: Uint8Array, signer: KeyPair = SIGNER): Promise<Uint8Array> {
  return signEnvelope(IN_TOTO_PAYLOAD_TYPE, statement, signer);
}

async function signedDelta() {
  const [old, next] = [madeIndex({ f: 'one', g: 'g' }), madeIndex({ f: 'two', g: 'g' })];
  const store = new RememberingStore();
  [old, next].forEach((made) => store.put(made));
  const { proof: statement } = await new InlineComparer(store).compare(old.record, next.record);
  return { envelope: await signed(statement), statement, old, next };
}
