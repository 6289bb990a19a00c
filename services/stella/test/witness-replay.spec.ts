import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, PREDICATE_TYPES, sha256Hex, verifyStatement } from '@stella/attestation';
import { OperationState, OutcomeClass, type Verification, type Witness, WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { frvfService } from '@stella/frvf';
import { INCIDENTS, incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { nativeExecutable } from '@stella/native';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { type TestRuntime, startTestRuntime } from '@stella/platform-runtime/testing';
import { replayWorkerService } from '@stella/replay-worker';
import { parseVerifyResult, parseWitness } from '@stella/witness';

const folder = mkdtempSync(join(tmpdir(), 'witness-replay-'));
const signer = KeyPair.generate('ed25519');
let system: TestRuntime;

beforeAll(async () => {
  const artifacts = { require: () => Promise.resolve() };
  const runnerSha256 = await sha256OfFile(nativeExecutable());
  system = await startTestRuntime([frvfService({ signer, artifacts }), replayWorkerService({ concurrency: 2, runnerSha256, workFolder: join(folder, 'work') })], {
    blobs: await DirectoryBlobStore.open(join(folder, 'blobs')),
    random: () => 0.5,
  });
}, 60_000);

afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const client = (tenant = 'acme') => system.client(WitnessServiceService, { tenant });

async function compile(name: string, source: string): Promise<string> {
  const [code, program] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(code, source);
  execFileSync('gcc', ['-O1', '-g', '-fno-inline', '-o', program, code]);
  return upload(program);
}

async function upload(path: string): Promise<string> {
  return (await system.blobs.put(readFileSync(path))).sha256;
}

async function incident(id: string, stdout: string | undefined, exitCode = 0, tenant = 'acme'): Promise<string> {
  const stdoutSha256 = stdout === undefined ? '' : createHash('sha256').update(stdout).digest('hex');
  await client(tenant).createIncident({ requestId: randomUUID(), incidentId: id, title: id, passPredicate: { exitCode, stdoutSha256 } });
  return `incidents/${id}`;
}

interface How {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly canonicaliser?: string;
  readonly expectedCap?: string;
  readonly wallMs?: number;
  readonly tenant?: string;
}

async function record(name: string, artifactSha256: string, { args = [], stdin = '', canonicaliser = 'identity/1', expectedCap, wallMs = 0, tenant }: How = {}): Promise<Witness> {
  const { witness } = await client(tenant).recordWitness({
    requestId: randomUUID(),
    incident: name,
    artifactSha256,
    invocation: { args: [...args], stdin: Buffer.from(stdin), files: [], environment: {} },
    caps: { cpuMs: 0n, wallMs: BigInt(wallMs), memoryBytes: 0n, pids: 0, outputBytes: 0n },
    canonicaliser,
    isolation: 'I1',
    expectedCap,
  });
  const done = await client(tenant).getWitness({ name: witness?.name ?? '', waitMs: 50_000 });
  return done.witness as Witness;
}

async function verify(witness: Witness, artifactSha256: string, replays: number, fresh = false): Promise<Verification> {
  const created = await client().createVerification({ requestId: randomUUID(), witness: witness.name, artifactSha256, replays, fresh });
  const verification = created.verification as Verification;
  if (verification.state !== OperationState.OPERATION_STATE_RUNNING) return verification;
  return (await client().getVerification({ name: verification.name, waitMs: 50_000 })).verification as Verification;
}

const signed = (envelope: Uint8Array, predicateType: string) => verifyStatement(envelope, [signer.publicKey], { predicateType }).statement;

test('an esbuild incident: recorded on the release that has it, reproduced there, fixed on the next, then from the cache', async () => {
  const { bad, good, args, stdin, pass } = incidentById('esbuild-3205');
  const [badSha256, goodSha256] = await Promise.all([bad, good].map(async (release) => upload((await resolveRelease(release, { cacheDir: folder })).program)));
  const name = await incident('esbuild-3205', pass.stdout, pass.exitCode);

  const witness = await record(name, badSha256 as string, { args, stdin, canonicaliser: 'go-panic/1' });
  expect(witness).toMatchObject({ state: OperationState.OPERATION_STATE_DONE, failureReason: '', determinism: 'D1', isolation: 'I1', stackFormat: 'go-text' });
  expect(witness.determinismReason).toContain('5 of 5 runs gave one canonical outcome');
  expect(witness.stack.toString()).toContain('js_parser.(*parser).pushScopeForVisitPass');
  const statement = signed(witness.evidence?.envelope as Buffer, PREDICATE_TYPES.microWitness);
  const { witnessId, core } = parseWitness(statement.predicate);
  expect(witness.name).toBe(`witnesses/${witnessId}`);
  expect(statement.subjects).toEqual([{ name: `artifacts/${badSha256}`, sha256: badSha256 }]);
  expect(core).toMatchObject({ incident: 'esbuild-3205', expectedFailure: { exit: { code: 1 }, capHit: null, canonicaliser: 'go-panic/1' }, artifact: { sha256: badSha256 } });
  expect(core.artifact.closure.map(({ path }) => path)).toContain('/lib/x86_64-linux-gnu/libc.so.6');

  const reproduced = await verify(witness, badSha256 as string, 20);
  expect(reproduced).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED, replays: 20, successes: 20, successLowerBoundPpm: 860_891, canonicalVariance: 0, capHit: '', cached: false });
  const fixed = await verify(witness, goodSha256 as string, 20);
  expect(fixed).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED, replays: 20, successes: 20, canonicalVariance: 0, cached: false });
  const result = parseVerifyResult(signed(fixed.evidence?.envelope as Buffer, PREDICATE_TYPES.verifyResult).predicate);
  expect(result).toMatchObject({ outcome: 'fixed', witnessId, artifactSha256: goodSha256, determinism: 'D1', tenant: 'acme' });
  expect(new Set(result.runs.map(({ runId }) => runId)).size).toBe(20);
  expect(result.pins).toContainEqual({ name: 'aslr', state: 'pinned', reason: '' });

  const again = await verify(witness, goodSha256 as string, 20);
  expect(again).toMatchObject({ ...fixed, cached: true });
  const fresh = await verify(witness, goodSha256 as string, 20, true);
  expect(fresh).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED, cached: false });
  expect(fresh.evidence?.sha256).not.toBe(fixed.evidence?.sha256);
}, 120_000);

test.each(INCIDENTS.map(({ id }) => id).filter((id) => id !== 'esbuild-3205'))('%s is reproduced on the bad release and fixed on the good one', async (id) => {
  const { bad, good, args, stdin, pass, kind } = incidentById(id);
  const [badSha256 = '', goodSha256 = ''] = await Promise.all([bad, good].map(async (release) => upload((await resolveRelease(release, { cacheDir: folder })).program)));
  const name = await incident(id, pass.stdout, pass.exitCode);
  const witness = await record(name, badSha256, { args, stdin, canonicaliser: kind === 'go-panic' ? 'go-panic/1' : 'identity/1' });
  expect(witness).toMatchObject({ failureReason: '', failureDetail: '', stackFormat: kind === 'go-panic' ? 'go-text' : 'native-json' });
  expect(await verify(witness, badSha256, 5)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED, successes: 5 });
  expect(await verify(witness, goodSha256, 5)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED, successes: 5 });
}, 180_000);

test('a program that is killed by a signal has its unwound stack, and the same recording is the same witness', async () => {
  const crashing = await compile('crashing', 'void inner(volatile int *p) { *p = 1; }\nvoid outer(volatile int *p) { inner(p); *p = 2; }\nint main(int c, char **v) { outer((int *)(long)(c - 1)); return 0; }');
  const name = await incident('null-write', 'done\n');
  const witness = await record(name, crashing);
  expect(witness).toMatchObject({ failureReason: '', stackFormat: 'native-json' });
  const { threads } = JSON.parse(witness.stack.toString()) as { threads: { crashed: boolean; frames: { symbol: string | null }[] }[] };
  expect(threads.find(({ crashed }) => crashed)?.frames.map(({ symbol }) => symbol).slice(0, 3)).toEqual(['inner', 'outer', 'main']);
  const { core } = parseWitness(signed(witness.evidence?.envelope as Buffer, PREDICATE_TYPES.microWitness).predicate);
  expect(core.expectedFailure).toMatchObject({ exit: { signal: 11 }, stackFingerprint: expect.stringMatching(/^k1:/) });
  expect(core.symbolPointers.length).toBeGreaterThanOrEqual(3);
  expect((await record(name, crashing)).evidence?.sha256).toBe(witness.evidence?.sha256);
  // Whose it is says nothing about what it is.
  const theirs = await incident('null-write', 'done\n', 0, 'other');
  expect((await record(theirs, crashing, { tenant: 'other' })).name).toBe(witness.name);
  expect(await verify(witness, crashing, 5)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED, successes: 5 });
}, 60_000);

test('what merely does not fail is not fixed; what fails otherwise is another failure', async () => {
  const name = await incident('says-done', 'done\n');
  const failing = await compile('failing', '#include <stdio.h>\nint main(void) { puts("wrong"); return 3; }');
  const witness = await record(name, failing);
  expect(witness).toMatchObject({ failureReason: '', stackFormat: '' });
  const nothing = await compile('nothing', 'int main(void) { return 0; }');
  const done = await compile('done', '#include <stdio.h>\nint main(void) { puts("done"); return 0; }');
  const other = await compile('other', 'int main(void) { return 4; }');
  const outcomes = [];
  for (const program of [nothing, done, other]) outcomes.push((await verify(witness, program, 5)).outcome);
  expect(outcomes).toEqual([OutcomeClass.OUTCOME_CLASS_NOT_REPRODUCED, OutcomeClass.OUTCOME_CLASS_FIXED, OutcomeClass.OUTCOME_CLASS_DIFFERENT_FAILURE]);
}, 60_000);

test('a program whose outcome depends on its threads is not deterministic, and on replay it is flaky', async () => {
  const name = await incident('race', 'done\n');
  // D1 lets threads run freely: how far the counter comes before the flag is seen is the scheduler's choice.
  const racing = await compile(
    'racing',
    '#include <pthread.h>\n#include <stdio.h>\nvolatile int stop; volatile long n;\nvoid *count(void *a) { while (!stop) n++; return a; }\n' +
      'int main(void) { pthread_t t; pthread_create(&t, 0, count, 0); for (volatile long i = 0; i < 3000000; i++); stop = 1; pthread_join(t, 0); printf("%ld\\n", n); return 1; }',
  );
  const refused = await record(name, racing);
  expect(refused).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'WITNESS_NOT_DETERMINISTIC', evidence: undefined });
  expect(refused.failureDetail).toContain('"differs":"stdoutSha256"');
  const steady = await compile('steady', 'int main(void) { return 1; }');
  const witness = await record(name, steady);
  const flaky = await verify(witness, racing, 20);
  expect(flaky).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FLAKY });
  expect(flaky.canonicalVariance).toBeGreaterThan(0);
  expect(flaky.replays).toBeLessThan(20);
}, 60_000);

test('a cap that is hit is named, and is a failure only where it was expected', async () => {
  const name = await incident('hangs', 'done\n');
  const endless = await compile('endless', 'int main(void) { for (;;); }');
  const refused = await record(name, endless, { wallMs: 200 });
  expect(refused).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'WITNESS_DID_NOT_FAIL' });
  expect(refused.failureDetail).toContain('"capHit":"wall"');
  const hanging = await record(name, endless, { wallMs: 200, expectedCap: 'wall' });
  expect(hanging).toMatchObject({ failureReason: '' });
  const verification = await verify(hanging, endless, 5);
  expect(verification).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED, capHit: 'wall' });
  const healthy = await compile('healthy', 'int main(void) { return 0; }');
  expect((await record(name, healthy)).failureReason).toBe('WITNESS_DID_NOT_FAIL');
}, 60_000);

test('what cannot be run is nobody’s failure', async () => {
  const name = await incident('not-a-program', undefined);
  const { sha256 } = await system.blobs.put(Buffer.from('not an ELF file'));
  const refused = await record(name, sha256);
  expect(refused).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'REPLAY_FAILED' });
  expect(refused.failureDetail).toContain('EXEC_FAILED');
  const steady = await compile('steady-too', 'int main(void) { return 1; }');
  const witness = await record(name, steady);
  expect(await verify(witness, sha256, 5)).toMatchObject({ state: OperationState.OPERATION_STATE_DONE, outcome: OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE, replays: 0, failureReason: 'REPLAY_FAILED' });
  const missing = await verify(witness, sha256Hex(Buffer.from('nowhere')), 5);
  expect(missing).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'REPLAY_FAILED', outcome: OutcomeClass.OUTCOME_CLASS_UNSPECIFIED });
  expect(missing.failureDetail).toContain('BLOB_NOT_FOUND');
}, 60_000);

test('another tenant sees nothing of it', async () => {
  const other = client('other');
  await expect(other.getIncident({ name: 'incidents/hangs' })).rejects.toMatchObject({ reason: 'INCIDENT_NOT_FOUND' });
  const { witnesses } = await client().listWitnesses({ incident: 'incidents/hangs', pageSize: 10, pageToken: '' });
  expect(witnesses).toHaveLength(1);
  const name = witnesses[0]?.name ?? '';
  await expect(other.getWitness({ name, waitMs: 0 })).rejects.toMatchObject({ reason: 'WITNESS_NOT_FOUND' });
  const attempt = other.createVerification({ requestId: randomUUID(), witness: name, artifactSha256: witnesses[0]?.artifactSha256 ?? '', replays: 5, fresh: false });
  await expect(attempt).rejects.toMatchObject({ reason: 'WITNESS_NOT_FOUND' });
});
