import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { encodeBase64, KeyPair, sha256Hex } from '@stella/attestation';
import { MatchVerdict } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { OperationState, OutcomeClass } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { UnitChange } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { encodeTlogProof, formatVerifierKey, noteKey, overlay, planAppend, TileTree } from '@stella/transparency-log';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

let fake: FakeStella;
const stella = (...argv: string[]): Promise<Ran> => run(['--connection', fake.connection, ...argv], { cwd: fake.folder });
const requestOf = (name: string): unknown => fake.requests.findLast(({ method }) => method === name)?.request;

beforeAll(async () => {
  fake = await FakeStella.start();
  await writeFile(join(fake.folder, 'program'), 'program');
  fake.answers['getArtifact'] = ({ name }) => ({ artifact: { name, sha256: name.slice('artifacts/'.length), label: 'program' } });
});
afterAll(() => fake.stop());

describe('witness', () => {
  const done = { name: `witnesses/${'1a'.repeat(32)}`, state: OperationState.OPERATION_STATE_DONE, incident: 'incidents/own-1' };

  test('record passes on how the program is run', async () => {
    await writeFile(join(fake.folder, 'in'), 'input');
    fake.answers['recordWitness'] = () => ({ witness: done });
    const { code, json } = await stella('witness', 'record', '--incident', 'own-1', '--artifact', 'program', '--stdin', 'in', '--file', 'conf/a=in', '--env', 'MODE=x=y', '--expected-cap', 'wall', '--wall-ms', '500', '--json', '--', '--json', '-v');
    expect([code, json.witness.name]).toEqual([0, done.name]);
    expect(requestOf('recordWitness')).toMatchObject({
      incident: 'incidents/own-1',
      artifactSha256: sha256Hex(Buffer.from('program')),
      invocation: { args: ['--json', '-v'], stdin: Buffer.from('input'), files: [{ path: 'conf/a', content: Buffer.from('input') }], environment: { MODE: 'x=y' } },
      caps: { wallMs: 500n, memoryBytes: 2n ** 31n },
      expectedCap: 'wall',
    });
    expect((await stella('witness', 'record', '--incident', 'own-1', '--artifact', 'program', '--env', 'MODE')).code).toBe(2);
    expect((await stella('witness', 'record', '--incident', 'own-1', '--artifact', 'program', '--wall-ms', '0')).code).toBe(2);
  });

  test.each([
    ['FIXED', 'fixed', 0],
    ['FIXED', 'reproduced', 1],
    ['REPRODUCED', 'fixed', 1],
    ['REPRODUCED', 'reproduced', 0],
    ['FLAKY', 'fixed', 1],
    ['INFRASTRUCTURE', 'fixed', 4],
    ['UNSPECIFIED', 'fixed', 4],
  ] as const)('a replay that is %s where %s was expected exits with %i', async (outcome, expected, exitCode) => {
    const running = { name: `verifications/${'2b'.repeat(32)}`, state: OperationState.OPERATION_STATE_RUNNING };
    fake.answers['createVerification'] = () => ({ verification: running });
    fake.answers['getVerification'] = () => ({ verification: { ...running, state: OperationState.OPERATION_STATE_DONE, outcome: OutcomeClass[`OUTCOME_CLASS_${outcome}`], replays: 20, successes: 20, successLowerBoundPpm: 860_891 } });
    const { code, out } = await stella('witness', 'replay', done.name, '--artifact', 'program', '--expect', expected);
    expect(code).toBe(exitCode);
    expect(out).toContain('at least 86.09 % with 95 % confidence');
    expect(requestOf('getVerification')).toEqual({ name: running.name, waitMs: 30_000 });
  });
});

test('delta: counts and units of a pair; a proof that is refused is 1', async () => {
  fake.answers['createDelta'] = () => ({ delta: { name: 'deltas/d', counts: [{ kind: 'function', change: UnitChange.UNIT_CHANGE_SEMANTIC, count: 3 }], proof: { sha256: '11', envelope: Buffer.from('{"proof":1}') } } });
  const units = ['data', 'function', 'function', 'data'].map((kind, at) => ({ unitId: `u${at}`, kind, displayName: `${kind} ${at}`, change: UnitChange.UNIT_CHANGE_SEMANTIC }));
  fake.answers['listDeltaUnits'] = ({ kind }) => ({ units: units.filter((unit) => kind === '' || unit.kind === kind) });
  const { code, out } = await stella('delta', 'diff', 'program', 'ab'.repeat(32), '--count', '3');
  expect(code).toBe(0);
  expect(out).toMatch(/function +semantic +3\n/);
  expect(out).toMatch(/function 1\n.*function 2\n.*data 0\nand more: stella delta units\n$/);
  expect((await stella('delta', 'prove', 'program', 'program', '--out', 'proof.json')).code).toBe(0);
  expect(await readFile(join(fake.folder, 'proof.json'), 'utf8')).toBe('{"proof":1}');
  fake.answers['verifyDelta'] = ({ mode }) => ({ valid: mode === 1, refusal: mode === 1 ? '' : 'PROOF_DELTA_MISMATCH' });
  expect((await stella('delta', 'verify', 'proof.json')).code).toBe(0);
  expect(await stella('delta', 'verify', 'proof.json', '--deep')).toMatchObject({ code: 1, out: expect.stringMatching(/does NOT hold\nrefusal +PROOF_DELTA_MISMATCH/) });
  fake.answers['findFunction'] = () => ({ occurrences: [] });
  expect((await stella('delta', 'find', '--name', 'main.main')).code).toBe(1);
  expect((await stella('delta', 'find')).code).toBe(2);
  expect((await stella('delta', 'find', '--name', 'a', '--e1', 'b')).code).toBe(2);
});

test('stack: text comes from a file or standard input, and a new one is 1', async () => {
  fake.answers['matchStack'] = ({ query }) => ({ verdict: query.value.source.value === 'known' ? MatchVerdict.MATCH_VERDICT_SAME : MatchVerdict.MATCH_VERDICT_NEW, matches: [{ incident: 'incidents/own-1', verdict: MatchVerdict.MATCH_VERDICT_SAME, scorePpm: 987_000, level: 'K1' }] });
  const argv = ['stack', 'match', '--connection', fake.connection];
  expect(await run(argv, { input: 'known' })).toMatchObject({ code: 0, out: expect.stringMatching(/same +98\.7 % +K1 +incidents\/own-1/) });
  expect((await run(argv, { input: 'other' })).code).toBe(1);
  expect((await run(argv)).err).toMatch(/^FILE_UNREADABLE: [^]*path: standard input/);
  expect((await stella('stack', 'match', 'program')).code).toBe(1);
  expect(await run(argv, { input: 'x'.repeat(2 ** 20 + 1) })).toMatchObject({ code: 2, err: expect.stringMatching(/^FILE_TOO_LARGE/) });
  // A file without a size or an end.
  expect(await stella('stack', 'match', '/dev/zero')).toMatchObject({ code: 2, err: expect.stringMatching(/^FILE_TOO_LARGE: .*\n {2}path: \/dev\/zero\n/) });
});

test('incident: a public one is registered by its id, another one says what fixed means', async () => {
  let isKnown = false;
  fake.answers['getIncident'] = ({ name }) => (isKnown ? { incident: { name, passPredicate: { exitCode: 0 } } } : new Refusal(status.NOT_FOUND, 'INCIDENT_NOT_FOUND'));
  fake.answers['createIncident'] = ({ incidentId }) => ((isKnown = true), { incident: { name: `incidents/${incidentId}` } });
  expect((await stella('incident', 'add', 'lua-CVE-2020-24370')).code).toBe(0);
  expect((await stella('incident', 'add', 'own-1')).code).toBe(2);
  expect((await stella('incident', 'add', 'own-1', '--exit-code', '256')).code).toBe(2);
  expect((await stella('incident', 'add', 'own-1', '--exit-code', '0', '--stdout-sha256', 'ABC')).code).toBe(2);
  expect((await stella('incident', 'add', 'own-1', '--exit-code', '0', '--title', 'ours')).out).toMatch(/^incident +incidents\/own-1\n/);
  expect(requestOf('createIncident')).toMatchObject({ incidentId: 'own-1', title: 'ours', passPredicate: { exitCode: 0, stdoutSha256: '' } });
});

describe('node', () => {
  test('a card carries what peering needs', async () => {
    const key = KeyPair.generate('ed25519');
    const node = { organisation: 'acme.example', origin: 'acme.example/log', logKey: 'acme.example/log+1+k', cosignerKey: 'acme.example/cosigner+2+k', evidenceKeys: [Buffer.from(key.publicKey.spki)], development: true };
    fake.answers['getNode'] = () => ({ node });
    expect((await stella('node', 'card', '--out', 'card.json')).code).toBe(0);
    const card = JSON.parse(await readFile(join(fake.folder, 'card.json'), 'utf8'));
    expect(card).toMatchObject({ ...node, evidenceKeys: [encodeBase64(key.publicKey.spki)], httpAddress: '127.0.0.1:1' });
    fake.answers['createPeering'] = () => ({ peering: { name: 'peerings/p', organisation: 'acme.example' } });
    expect((await stella('node', 'peer', 'card.json', '--same-operator')).code).toBe(0);
    expect(requestOf('createPeering')).toMatchObject({ ...node, sameOperator: true, grpcAddress: card.grpcAddress });
    await writeFile(join(fake.folder, 'bad.json'), JSON.stringify({ ...card, evidenceKeys: ['AAAA'] }));
    expect((await stella('node', 'peer', 'bad.json')).err).toMatch(/^KEY_MALFORMED/);
    fake.answers['listPeerings'] = () => ({ peerings: [{ organisation: 'x', state: PeeringState.PEERING_STATE_FROZEN, frozenReason: 'LOG_EQUIVOCATES' }] });
    expect(await stella('node', 'peers')).toMatchObject({ code: 1, out: expect.stringContaining('LOG_EQUIVOCATES') });
  });

  test('log checks the proof of every entry', async () => {
    const signer = KeyPair.generate('ed25519');
    const origin = 'acme.example/log';
    const key = noteKey(origin, 'ed25519', signer.publicKey);
    const records = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const none = { read: () => Promise.resolve(undefined) };
    const plan = await planAppend({ origin, signer: { key, signer }, reader: none, lastCheckpoint: undefined, entries: records });
    const tree = new TileTree(overlay(plan.tiles, none), plan.tree.size);
    const entries = await Promise.all(records.map(async (record, index) => ({ index: BigInt(index), record, proof: Buffer.from(encodeTlogProof({ index, inclusion: await tree.inclusionProof(index), checkpoint: plan.checkpoint.bytes })) })));
    fake.answers['getNode'] = () => ({ node: { origin, logKey: formatVerifierKey(key), size: 3n } });
    fake.answers['getEntry'] = ({ key: { value } }) => ({ entry: entries[Number(value)] });
    const { code, json } = await stella('node', 'log', '--last', '2', '--json');
    expect([code, json.entries.map(({ proofState }: { proofState: unknown }) => proofState)]).toEqual([0, [{ holds: true, index: 1 }, { holds: true, index: 2 }]]);
    fake.answers['getEntry'] = () => ({ entry: entries[0] });
    expect(await stella('node', 'log', '--index', '1')).toMatchObject({ code: 1, out: expect.stringContaining('the proof is of entry 0') });
    fake.answers['getEntry'] = ({ key: { value } }) => ({ entry: { ...entries[Number(value)], record: Buffer.from('other') } });
    expect(await stella('node', 'log')).toMatchObject({ code: 1, out: expect.stringContaining('TLOG_PROOF_INVALID') });
  });

  test('query: nothing known is 1', async () => {
    fake.answers['queryProvenance'] = () => ({ entries: [] });
    expect((await stella('node', 'query', 'program')).code).toBe(1);
    expect(requestOf('queryProvenance')).toMatchObject({ subjectSha256: sha256Hex(Buffer.from('program')) });
    fake.answers['pullPeer'] = () => ({ entriesNew: 3, disagrees: 1 });
    expect((await stella('node', 'pull', 'peerings/p')).code).toBe(1);
  });
});

test('trust, policies and verdicts', async () => {
  Object.assign(fake.answers, {
    getTrust: () => ({ trustRoot: Buffer.from('root'), revocationList: Buffer.from('list') }),
    listPolicies: () => ({ policies: [{ name: 'policies/standard', version: 3, rules: ['a', 'b'] }] }),
    getVerdict: ({ name }: { name: string }) => ({ verdict: { name, outcome: Outcome.OUTCOME_ALLOW, revoked: true } }),
    listVerdicts: () => ({ verdicts: [{ name: 'verdicts/v', outcome: Outcome.OUTCOME_REVIEW }] }),
  });
  expect((await stella('trust', 'export', '--out', 'trust')).code).toBe(0);
  expect(await readFile(join(fake.folder, 'trust', 'trust-root.json'), 'utf8')).toBe('root');
  expect(await readFile(join(fake.folder, 'trust', 'revocations.json'), 'utf8')).toBe('list');
  expect((await stella('policy', 'list')).out).toMatch(/standard +3 +2\n/);
  const id = 'ab'.repeat(32);
  expect(await stella('verdict', 'show', id)).toMatchObject({ code: 1, out: expect.stringMatching(/^verdict +ALLOW \(revoked\)/) });
  expect((await stella('verdict', 'list', '--candidate', 'program')).out).toContain('REVIEW');
});
