import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize, KeyPair, parseEnvelope, parseStatement, PREDICATE_TYPES, signStatement, verifyStatement } from '@stella/attestation';
import { type DeltaProof, type LiftIndexPredicate, parseLiftIndex, verifyDeltaProof } from '@stella/binary-delta';
import { type Delta, DeltaIndexServiceService, type DeltaUnit, UnitChange, VerifyMode } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { checkDeltaScope, viewFromProof } from '@stella/policy';
import { nativeIsHere } from '@stella/native/testing';
import { Compiler, type Variant } from './support/programs.js';
import { createDelta, createIndex, type PsdiClient, PsdiRuntime, upload } from './support/psdi-runtime.js';

const describeHere = nativeIsHere('psdi deltas') ? describe : describe.skip;
const FAST = VerifyMode.VERIFY_MODE_FAST;
const DEEP = VerifyMode.VERIFY_MODE_DEEP;

describeHere('deltas and their proofs', () => {
  const partner = KeyPair.generate('ecdsa-p256-sha256');
  let psdi: PsdiRuntime;
  let client: PsdiClient;
  let compiler: Compiler;
  beforeAll(async () => {
    psdi = await PsdiRuntime.start([partner.publicKey]);
    client = psdi.client();
    compiler = new Compiler(psdi.folder);
  }, 60_000);
  afterAll(() => psdi.stop());

  const deltaOf = async (old: Variant, next: Variant, as = client): Promise<Delta> => createDelta(as, await upload(as, compiler.program(old)), await upload(as, compiler.program(next)));
  const unitsOf = async ({ name }: Delta, kind = '', as = client): Promise<DeltaUnit[]> => (await as.listDeltaUnits({ parent: name, kind, pageSize: 1000, pageToken: '' })).units;
  const changed = (units: readonly DeltaUnit[]): string[] => units.map(({ displayName, change }) => `${displayName} ${UnitChange[change]}`);
  const statementOf = (envelope: Uint8Array | undefined) => parseStatement(parseEnvelope(envelope ?? Buffer.alloc(0)).payload);
  const proofOf = ({ proof }: Delta): DeltaProof => statementOf(proof?.envelope).predicate as unknown as DeltaProof;
  const plain = (value: object): unknown => JSON.parse(JSON.stringify(value));
  const subjects = ({ baselineSha256, candidateSha256 }: Delta) => [
    { name: 'baseline', sha256: baselineSha256 },
    { name: 'candidate', sha256: candidateSha256 },
  ];
  /** As if `signer` had said it. */
  const signed = async (predicate: object, delta: Delta, signer: KeyPair, about = subjects(delta)): Promise<Buffer> =>
    Buffer.from(await signStatement({ subjects: about, predicateType: PREDICATE_TYPES.deltaProof, predicate }, signer));
  const verify = (envelope: Uint8Array, mode = FAST, as = client) => as.verifyDelta({ envelope: Buffer.from(envelope), mode });
  const envelopeOf = ({ proof }: Delta): Buffer => proof?.envelope ?? Buffer.alloc(0);

  test.each<[string, Variant, string, string[]]>([
    ['a constant', { constant: 8 }, 'function', ['scale UNIT_CHANGE_SEMANTIC']],
    ['a callee', { callee: 'second' }, 'function', ['chooser UNIT_CHANGE_REFERENCE_ONLY']],
    ['a byte of data', { tableByte: 99 }, 'data', ['data:lookup_table UNIT_CHANGE_DATA_ONLY']],
  ])('%s that changed is named, and nothing else that has meaning', async (_, variant, kind, expected) => {
    const delta = await deltaOf({}, variant);
    const units = await unitsOf(delta);
    // The build id and the like differ too.
    expect(changed(units.filter((unit) => unit.kind !== 'metadata'))).toEqual(expected);
    expect(changed(await unitsOf(delta, kind))).toEqual(expected);
    const functions = (change: UnitChange): number => delta.counts.filter((count) => count.kind === 'function' && count.change === change).reduce((sum, { count }) => sum + count, 0);
    const changedFunctions = kind === 'function' ? 1 : 0;
    expect(functions(UnitChange.UNIT_CHANGE_IDENTICAL)).toBe((delta.baselineIndex?.functionCount ?? 0) - changedFunctions);
    expect(delta.counts.filter(({ change }) => change !== UnitChange.UNIT_CHANGE_IDENTICAL).reduce((sum, { count }) => sum + count, 0)).toBe(units.length);
  });

  test('added and removed functions are named; units come by pages in the order of their ids', async () => {
    const delta = await deltaOf({}, { extra: 'int fresh(int x) { sink = x; return x % 9; }' });
    expect(changed(await unitsOf(delta, 'function'))).toEqual(['fresh UNIT_CHANGE_ADDED']);
    const back = await createDelta(client, delta.candidateSha256, delta.baselineSha256);
    expect(changed(await unitsOf(back, 'function'))).toEqual(['fresh UNIT_CHANGE_REMOVED']);
    const all = await unitsOf(delta);
    const paged: DeltaUnit[] = [];
    for (let pageToken = ''; ; ) {
      const page = await client.listDeltaUnits({ parent: delta.name, kind: '', pageSize: 2, pageToken });
      expect(page.units.length).toBeLessThanOrEqual(2);
      paged.push(...page.units);
      if (page.nextPageToken === '') break;
      pageToken = page.nextPageToken;
    }
    expect(paged).toEqual(all);
    await expect(client.listDeltaUnits({ parent: delta.name, kind: 'mystery', pageSize: 0, pageToken: '' })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    await expect(client.listDeltaUnits({ parent: delta.name, kind: '', pageSize: 0, pageToken: 'x' })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });

  test('the same pair is answered again from the cache, announced once, and the request id binds', async () => {
    const [old, next] = [await upload(client, compiler.program({ constant: 20 })), await upload(client, compiler.program({ constant: 21 }))];
    const requestId = randomUUID();
    const [first, ...others] = await Promise.all([createDelta(client, old, next, requestId), createDelta(client, old, next), createDelta(client, old, next)]);
    const again = await createDelta(client, old, next);
    expect(again).toEqual({ ...first, cached: true });
    expect(others.map(({ name }) => name)).toEqual([first.name, first.name]);
    expect((await client.getDelta({ name: first.name })).delta).toEqual(again);
    expect(await createDelta(client, old, next, requestId)).toEqual(again);
    await expect(createDelta(client, next, old, requestId)).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    await psdi.test.settle();
    const events = psdi.seen.filter(({ key }) => key === first.name);
    expect(events).toEqual([{ tenant: 'acme', key: first.name, event: { delta: first.name, baselineSha256: old, candidateSha256: next, proofSha256: first.proof?.sha256 } }]);
    expect(await psdi.metrics()).toMatch(/psdi_cache_requests_total\{cache="delta",result="hit"\} [1-9]/);
  });

  test('an artifact and itself have a delta without changes', async () => {
    const delta = await deltaOf({ constant: 30 }, { constant: 30 });
    expect(await unitsOf(delta)).toEqual([]);
    expect(await verify(envelopeOf(delta), DEEP)).toMatchObject({ valid: true, provenance: 'proved' });
  });

  test('the scope says of both indexes what claims are held against', async () => {
    const delta = await deltaOf({}, { constant: 8 });
    const { statement } = verifyStatement(delta.scope?.envelope ?? Buffer.alloc(0), [psdi.signer.publicKey], { predicateType: delta.scope?.predicateType ?? '' });
    const scope = checkDeltaScope(plain(statement.predicate));
    expect(scope).toMatchObject({ oldRoot: delta.baselineIndex?.root, newRoot: delta.candidateIndex?.root });
    expect(scope.baselineFunctions).toEqual(expect.arrayContaining(['main', 'scale', 'chooser']));
    const [baseline, candidate] = [delta.baselineIndex, delta.candidateIndex].map((index) => parseLiftIndex(plain(statementOf(index?.evidence?.envelope).predicate))) as [LiftIndexPredicate, LiftIndexPredicate];
    const verified = verifyDeltaProof(plain(proofOf(delta)), { old: baseline, new: candidate });
    if (!verified.ok) throw new Error(verified.reason);
    const view = viewFromProof(verified.units, { baseline, candidate, scope });
    expect(view.changes.filter(({ kind }) => kind === 'function')).toMatchObject([{ change: 'semantic', baseline: { name: 'scale' } }]);
  });

  test('a proof of our own holds, fast without a lift and deep with two', async () => {
    const delta = await deltaOf({}, { constant: 8 });
    const drift = await deltaOf({}, { callee: 'second' });
    const before = psdi.lifter.lifts;
    expect(await verify(envelopeOf(delta))).toMatchObject({ valid: true, refusal: '', provenance: 'proved', detail: expect.stringContaining('classesDeclared=0') });
    expect(await verify(envelopeOf(drift))).toMatchObject({ valid: true, detail: expect.stringContaining('classesDeclared=1') });
    expect(psdi.lifter.lifts).toBe(before);
    expect(await verify(envelopeOf(delta), DEEP)).toMatchObject({ valid: true, refusal: '', provenance: 'proved' });
    expect(psdi.lifter.lifts).toBe(before + 2);
    expect(await psdi.metrics()).toMatch(/psdi_delta_proof_verification_seconds_count\{mode="deep",outcome="valid"\} [1-9]/);
  });

  test('what another trusted node signed is attested, and proved only by a new lift', async () => {
    const stranger = psdi.client('partner');
    const delta = await deltaOf({}, { constant: 8 });
    const theirs = await signed(proofOf(delta), delta, partner);
    expect(await verify(theirs, FAST, stranger)).toMatchObject({ valid: true, provenance: 'attested' });
    await expect(verify(theirs, DEEP, stranger)).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    for (const variant of [{}, { constant: 8 }]) await upload(stranger, compiler.program(variant));
    expect(await verify(theirs, DEEP, stranger)).toMatchObject({ valid: true, provenance: 'proved' });
    // A deep check is no index: the next fast one is attested as before.
    expect(await verify(theirs, FAST, stranger)).toMatchObject({ valid: true, provenance: 'attested' });
  });

  test('forged envelopes are refused by the first thing that is wrong with them', async () => {
    const delta = await deltaOf({}, { constant: 8 });
    const other = await deltaOf({}, { callee: 'second' });
    const proof = proofOf(delta);
    // One without references: the table of references stays in its one spelling.
    const without = proof.units.filter(({ old, new: next }) => (old?.refs.length ?? 0) + (next?.refs.length ?? 0) > 0);
    const flipped = Buffer.from(envelopeOf(delta));
    const at = flipped.indexOf('"sig":"') + 12;
    flipped[at] = flipped[at] === 65 ? 66 : 65;
    const mallory = KeyPair.generate('ed25519');
    const relabelled = { ...proof, units: proof.units.map((unit) => (unit.old?.name === 'scale' ? { ...unit, class: 'moved' } : unit)) };
    const cases: [Buffer, string][] = [
      [flipped, 'PROOF_SIGNATURE'],
      [await signed(proof, delta, mallory), 'PROOF_SIGNATURE'],
      [Buffer.from('{}'), 'PROOF_MALFORMED'],
      [Buffer.concat([envelopeOf(delta), Buffer.from(' ')]), 'PROOF_MALFORMED'],
      [delta.baselineIndex?.evidence?.envelope ?? Buffer.alloc(2), 'PROOF_TYPE'],
      [await signed({ ...proof, more: 1 }, delta, partner), 'PROOF_MALFORMED'],
      [await signed({ units: [] }, delta, partner), 'PROOF_MALFORMED'],
      [await signed(proof, delta, partner, subjects(other)), 'PROOF_SUBJECT_MISMATCH'],
      [await signed({ ...proof, units: without }, delta, partner), 'PROOF_FRAME_BROKEN'],
      [await signed(relabelled, delta, partner), 'PROOF_CLASS_FALSE'],
      [await signed({ ...proof, old: { ...proof.old, root: 'ab'.repeat(32) } }, delta, partner), 'PROOF_INDEX_MISMATCH'],
    ];
    const found = await Promise.all(cases.map(async ([envelope]) => verify(envelope)));
    expect(found.map(({ refusal }) => refusal)).toEqual(cases.map(([, refusal]) => refusal));
    expect(found.every(({ valid, provenance }) => !valid && provenance === '')).toBe(true);
    expect(without.length).toBeLessThan(proof.units.length);
  });

  test('a signer that lies about roots it alone has lifted passes the fast check as attested, never the deep one', async () => {
    const victim = psdi.client('victim');
    const delta = await deltaOf({}, { constant: 8 });
    const [baseline, candidate] = [delta.baselineSha256, delta.candidateSha256];
    const nothing = proofOf(await deltaOf({}, {}));
    // "Nothing has changed": the baseline's index, said to be the candidate's too.
    const lie = { ...nothing, new: { ...nothing.new, artifactSha256: candidate } };
    const envelope = await signed(lie, delta, partner);
    expect(await verify(envelope, FAST, victim)).toMatchObject({ valid: true, provenance: 'attested' });
    for (const variant of [{}, { constant: 8 }]) await upload(victim, compiler.program(variant));
    expect(await verify(envelope, DEEP, victim)).toMatchObject({ valid: false, refusal: 'PROOF_INDEX_MISMATCH' });
    // Who has lifted both himself sees through it at once.
    await createDelta(victim, baseline, candidate);
    expect(await verify(envelope, FAST, victim)).toMatchObject({ valid: false, refusal: 'PROOF_INDEX_MISMATCH' });
  });

  test('words that the frame does not bind are caught by the comparison made again', async () => {
    const delta = await deltaOf({}, { constant: 8 });
    const proof = proofOf(delta);
    const lie = await signed({ ...proof, declared: { ...proof.declared, relocatedUnits: proof.declared.relocatedUnits + 1 } }, delta, partner);
    expect(await verify(lie)).toMatchObject({ valid: true });
    expect(await verify(lie, DEEP)).toMatchObject({ valid: false, refusal: 'PROOF_DELTA_MISMATCH', detail: expect.stringContaining('declared') });
    const otherLifter = await signed({ ...proof, old: { ...proof.old, lifter: { ...proof.old.lifter, sha256: 'ef'.repeat(32) } }, new: { ...proof.new, lifter: { ...proof.new.lifter, sha256: 'ef'.repeat(32) } } }, delta, partner);
    expect(await verify(otherLifter, DEEP)).toMatchObject({ valid: false, refusal: 'PROOF_LIFTER_MISMATCH' });
  });

  test('a deep check whose lifter dies is an error: it says neither yes nor no', async () => {
    const delta = await deltaOf({}, { constant: 8 });
    await psdi.lifter.crashing(() => expect(verify(envelopeOf(delta), DEEP)).rejects.toMatchObject({ reason: 'NATIVE_CRASHED' }));
    expect(await verify(envelopeOf(delta), DEEP)).toMatchObject({ valid: true });
  });

  test('another process reads the same indexes from their blobs, and what was tampered with is no index', async () => {
    const [old, next] = [await upload(client, compiler.program({ constant: 70 })), await upload(client, compiler.program({ constant: 71 }))];
    const [index] = [await createIndex(client, old), await createIndex(client, next)];
    const second = await psdi.second();
    try {
      const elsewhere = second.client(DeltaIndexServiceService);
      const lifts = psdi.lifter.lifts;
      const theirs = await createDelta(elsewhere, next, old);
      expect(changed(await unitsOf(theirs, 'function'))).toEqual(['scale UNIT_CHANGE_SEMANTIC']);
      expect(psdi.lifter.lifts).toBe(lifts);
      expect(await verify(envelopeOf(theirs), DEEP)).toMatchObject({ valid: true });
    } finally {
      await second.stop();
    }
    const { sidesSha256 } = parseLiftIndex(plain(statementOf(index?.evidence?.envelope).predicate));
    const path = join(psdi.folder, 'blobs', 'sha256', sidesSha256.slice(0, 2), sidesSha256);
    const sides = readFileSync(path);
    chmodSync(path, 0o644);
    writeFileSync(path, sides.toString().replace('"instructions":', '"instructionz":'));
    const third = await psdi.second();
    try {
      await expect(createDelta(third.client(DeltaIndexServiceService), old, next)).rejects.toMatchObject({ reason: 'BLOB_DIGEST_MISMATCH' });
    } finally {
      await third.stop();
      writeFileSync(path, sides);
    }
    expect((await createDelta(client, old, next)).cached).toBe(false);
  });

  test('a tenant sees no delta of another one', async () => {
    const delta = await deltaOf({ constant: 40 }, { constant: 41 });
    const stranger = psdi.client('stranger');
    await expect(stranger.getDelta({ name: delta.name })).rejects.toMatchObject({ reason: 'DELTA_NOT_FOUND' });
    await expect(unitsOf(delta, '', stranger)).rejects.toMatchObject({ reason: 'DELTA_NOT_FOUND' });
    await expect(createDelta(stranger, delta.baselineSha256, delta.candidateSha256)).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    expect(await verify(envelopeOf(delta), FAST, stranger)).toMatchObject({ valid: true, provenance: 'attested' });
    expect(Buffer.from(canonicalize(proofOf(await deltaOf({ constant: 40 }, { constant: 41 }, stranger)))).equals(canonicalize(proofOf(delta)))).toBe(true);
  });
});
