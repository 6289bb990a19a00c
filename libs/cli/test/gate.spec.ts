import { createHash } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { OperationState } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { ClaimState, type EvaluateReleaseRequest, Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById } from '@stella/incidents';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

const BUNDLE = Buffer.alloc(100_000, 'evidence');
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const NAME = `verdicts/${'ab'.repeat(32)}`;

let fake: FakeStella;
let outcome: Outcome;
beforeEach(async () => {
  fake = await FakeStella.start();
  outcome = Outcome.OUTCOME_ALLOW;
  await writeFile(join(fake.folder, 'old'), 'old program');
  await writeFile(join(fake.folder, 'new'), 'new program');
  Object.assign(fake.answers, {
    getArtifact: ({ name }: { name: string }) => (name.endsWith(sha256('old program')) ? { artifact: { sha256: sha256('old program') } } : new Refusal(status.NOT_FOUND, 'ARTIFACT_NOT_FOUND')),
    uploadArtifact: ({ bytes }: { bytes: Buffer }) => ({ artifact: { sha256: sha256(bytes) } }),
    listPolicies: () => ({ policies: [{ name: 'policies/standard' }, { name: 'policies/strict' }] }),
    createIndex: () => ({ index: {} }),
    getIncident: () => new Refusal(status.NOT_FOUND, 'INCIDENT_NOT_FOUND'),
    createIncident: ({ incidentId }: { incidentId: string }) => ({ incident: { name: `incidents/${incidentId}` } }),
    listWitnesses: () => ({ witnesses: [], nextPageToken: '' }),
    recordWitness: () => ({ witness: { name: 'witnesses/recording-1', state: OperationState.OPERATION_STATE_RUNNING } }),
    getWitness: () => ({ witness: { name: `witnesses/${'3f'.repeat(32)}`, state: OperationState.OPERATION_STATE_DONE } }),
    evaluateRelease: (request: EvaluateReleaseRequest) => [
      { event: { $case: 'progress', value: { stage: 'replay', message: 'candidate', done: 3, total: 20, cached: false, elapsedMs: 1_500n } } },
      { event: { $case: 'verdict', value: verdict(request) } },
    ],
    getBundle: () => [BUNDLE.subarray(0, 65_536), BUNDLE.subarray(65_536)].map((data) => ({ chunk: { data } })),
  });
});
afterEach(() => fake.stop());

function verdict({ baseline, candidate, policy, claims }: EvaluateReleaseRequest): Verdict {
  return Verdict.fromPartial({
    name: NAME,
    outcome,
    baseline,
    candidate,
    policy,
    policySha256: 'cd'.repeat(32),
    claims: claims.map((claim) => ({ claim, state: ClaimState.CLAIM_STATE_PROVED, detail: '20 of 20', breadthPpm: 10 })),
    unmetRules: outcome === Outcome.OUTCOME_ALLOW ? [] : [{ rule: 'changes-explained', reason: 'a change is not claimed', remedy: 'claim it', bars: 'release' }],
    unexplained: Array.from({ length: 25 }, (_, at) => ({ unitId: `fn:u${at}`, kind: 'function', displayName: at === 0 ? 'evil\u001b[31m' : `u${at}`, change: 'semantic' })),
    unexplainedCount: 40,
    facts: [{ name: 'delta_known', value: 'true' }],
    statement: { sha256: 'ef'.repeat(32), envelope: Buffer.from('{}') },
    bundleSha256: sha256(BUNDLE),
    evaluationMs: 2_500n,
  });
}

function gate(args: readonly string[] = [], world: Parameters<typeof run>[1] = {}): Promise<Ran> {
  return run(['gate', '--baseline', './old', '--candidate', './new', '--connection', fake.connection, ...args], { cwd: fake.folder, ...world });
}

test('registers both programs, the incident and its witness, then asks for the verdict and keeps its bundle', async () => {
  const { code, json } = await gate(['--claim', 'fixes incident esbuild-3205', '--claim', 'changes main.main', '--baseline-runs', '--json']);
  expect(code).toBe(0);
  const [registering, checking] = [fake.calls.slice(0, 3), fake.calls.slice(3, 6)];
  expect(registering).toEqual(['getArtifact', 'getArtifact', 'uploadArtifact']);
  expect(checking.sort()).toEqual(['createIndex', 'createIndex', 'listPolicies']);
  expect(fake.calls.slice(6)).toEqual(['getIncident', 'createIncident', 'listWitnesses', 'recordWitness', 'getWitness', 'evaluateRelease', 'getBundle']);
  expect(json).toMatchObject({ outcome: 'ALLOW', exitCode: 0, verdict: { name: NAME, outcome: 'OUTCOME_ALLOW', unexplainedCount: 40 } });
  expect(json.verdict.statement.envelope).toBeUndefined();
  expect((await readFile(join(fake.folder, `stella-${'ab'.repeat(6)}.bundle.json`))).equals(BUNDLE)).toBe(true);
  const asked = fake.requests.find(({ method }) => method === 'evaluateRelease')?.request;
  expect(asked).toMatchObject({
    baseline: { sha256: sha256('old program'), label: 'old', resourceUri: `pkg:generic/old?checksum=sha256:${sha256('old program')}` },
    candidate: { sha256: sha256('new program'), label: 'new' },
    claims: ['fixes incident esbuild-3205', 'changes main.main'],
    policy: 'policies/standard',
    baselineBasis: 'runs',
    fresh: false,
  });
});

test('a public incident is registered and recorded as its entry says', async () => {
  await gate(['--claim', 'fixes incident esbuild-3205']);
  const { args, stdin, pass } = incidentById('esbuild-3205');
  const requestOf = (name: string) => fake.requests.find(({ method }) => method === name)?.request;
  expect(requestOf('createIncident')).toMatchObject({ incidentId: 'esbuild-3205', passPredicate: { exitCode: 0, stdoutSha256: sha256(pass.stdout) } });
  expect(requestOf('recordWitness')).toMatchObject({
    incident: 'incidents/esbuild-3205',
    artifactSha256: sha256('old program'),
    invocation: { args: [...args], stdin: Buffer.from(stdin) },
    caps: { memoryBytes: 2n ** 31n },
    canonicaliser: 'go-panic/1',
    isolation: 'I1',
  });
});

test('what is there already is used: a witness of this baseline only', async () => {
  fake.answers['getIncident'] = () => ({ incident: { name: 'incidents/esbuild-3205' } });
  const done = OperationState.OPERATION_STATE_DONE;
  fake.answers['listWitnesses'] = ({ pageToken }) =>
    pageToken === ''
      ? { witnesses: [{ name: 'witnesses/other', artifactSha256: sha256('another'), state: done }], nextPageToken: '2' }
      : { witnesses: [{ name: 'witnesses/this', artifactSha256: sha256('old program'), state: done }], nextPageToken: '' };
  expect((await gate(['--claim', 'fixes incident esbuild-3205'])).code).toBe(0);
  expect(fake.calls.filter((call) => /^(createIncident|record)/.test(call))).toEqual([]);
});

test('incidents that are not public are left to the gate', async () => {
  await gate(['--claim', 'fixes incident checkout-417']);
  expect(fake.calls.filter((call) => /Incident|Witness/.test(call))).toEqual([]);
});

test('a baseline that does not fail is noted, and the gate decides; a recording that could not be made ends it', async () => {
  const failed = (failureReason: string) => () => ({ witness: { name: 'witnesses/recording-1', state: OperationState.OPERATION_STATE_FAILED, failureReason, failureDetail: 'exit 0' } });
  fake.answers['getWitness'] = failed('WITNESS_DID_NOT_FAIL');
  outcome = Outcome.OUTCOME_DENY;
  const noted = await gate(['--claim', 'fixes incident esbuild-3205']);
  expect(noted.err).toBe('no witness of esbuild-3205 on this baseline: WITNESS_DID_NOT_FAIL, exit 0\n');
  expect(noted.code).toBe(1);
  fake.answers['getWitness'] = failed('REPLAY_NOT_ANSWERED');
  const open = await gate(['--claim', 'fixes incident esbuild-3205']);
  expect(open.code).toBe(4);
  expect(open.err).toMatch(/^WORK_FAILED: .*\n {2}work: witnesses\/recording-1\n {2}reason: REPLAY_NOT_ANSWERED\n {2}detail: exit 0\n {2}next: /);
});

test.each([
  [Outcome.OUTCOME_ALLOW, 0, 'ALLOW'],
  [Outcome.OUTCOME_DENY, 1, 'DENY'],
  [Outcome.OUTCOME_REVIEW, 3, 'REVIEW'],
  [Outcome.OUTCOME_UNSPECIFIED, 4, 'UNKNOWN'],
])('outcome %s exits with %s', async (given, exitCode, word) => {
  outcome = given;
  const { code, out } = await gate();
  expect(code).toBe(exitCode);
  expect(out).toMatch(new RegExp(`^verdict +${word}\n`));
});

test('text tells why, and nothing in it acts on the terminal', async () => {
  outcome = Outcome.OUTCOME_DENY;
  const { out, err } = await gate(['--claim', 'data only', '--verbose'], { isTty: true });
  expect(out).toContain('changes-explained (bars release)\n    a change is not claimed\n    remedy: claim it');
  expect(out).toMatch(/proved +data only +20 of 20/);
  expect(out).toContain('Unexplained changes: 40');
  expect(out).toContain('evil\\u{1b}[31m');
  expect(out).toContain('and 20 more');
  expect(out).toMatch(/delta_known +true/);
  expect(err).toContain('1.5 s  replay 3/20: candidate');
  expect((await gate()).err).toBe('');
});

test('a bundle that is not the one of the verdict is not kept', async () => {
  fake.answers['getBundle'] = () => [{ chunk: { data: Buffer.from('other') } }];
  const { code, err, out } = await gate(['--bundle', 'b.json']);
  // 1 is DENY.
  expect([code, out]).toEqual([4, '']);
  expect(err).toMatch(/^BLOB_DIGEST_MISMATCH: /);
  await expect(readFile(join(fake.folder, 'b.json'))).rejects.toThrow('ENOENT');
});

test('no verdict is 4, and errors of the service keep their reason', async () => {
  fake.answers['evaluateRelease'] = () => [];
  expect((await gate()).code).toBe(4);
  fake.answers['evaluateRelease'] = () => new Refusal(status.FAILED_PRECONDITION, 'EVALUATION_FAILED', { cause: 'lifter' });
  const failed = await gate(['--json']);
  expect([failed.code, failed.out]).toEqual([4, '']);
  expect(JSON.parse(failed.err)).toMatchObject({ error: { reason: 'EVALUATION_FAILED', facts: { cause: 'lifter' }, next: expect.stringMatching(/./) } });
});

test.each([
  ['candidate', './new', 'new program'],
  ['baseline', './old', 'old program'],
])('a %s that cannot be lifted is told as such, before anything is recorded or decided', async (role, name, content) => {
  fake.answers['createIndex'] = ({ artifactSha256 }) => (artifactSha256 === sha256(content) ? new Refusal(status.INVALID_ARGUMENT, 'INPUT_TRUNCATED', { sha256: artifactSha256, problem: 'cut in a segment' }) : { index: {} });
  const { code, err, out } = await gate(['--claim', 'fixes incident esbuild-3205']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(new RegExp(`^INPUT_TRUNCATED: .*\n  ${role}: ${name}\n  sha256: ${sha256(content)}\n  problem: cut in a segment\n  next: build or fetch the file again`));
  expect(fake.calls.filter((call) => /Incident|Witness|evaluate/.test(call))).toEqual([]);
});

test('so it is where only the gate finds it out; one program on both sides has both names', async () => {
  fake.answers['evaluateRelease'] = ({ candidate }) => new Refusal(status.INVALID_ARGUMENT, 'INPUT_NOT_ELF', { sha256: candidate.sha256 });
  const { code, err } = await gate(['--baseline', './new']);
  expect([code, err.split('\n').slice(1, 3)]).toEqual([2, ['  candidate: ./new', '  baseline: ./new']]);
  fake.answers['evaluateRelease'] = () => new Refusal(status.NOT_FOUND, 'INCIDENT_NOT_FOUND', { incident: 'incidents/nobody' });
  expect(await gate(['--claim', 'fixes incident nobody'])).toMatchObject({ code: 2, err: expect.stringMatching(/^INCIDENT_NOT_FOUND: .*\n {2}incident: incidents\/nobody\n/) });
});

test('a policy that nobody has published is told with those that there are', async () => {
  const { code, err } = await gate(['--policy', 'none']);
  expect(code).toBe(2);
  expect(err).toMatch(/^POLICY_NOT_FOUND: .*\n {2}policy: policies\/none\n {2}known: policies\/standard, policies\/strict\n/);
});

test('a sparse file of 4 GB is refused before it is read', async () => {
  await writeFile(join(fake.folder, 'sparse'), '');
  await truncate(join(fake.folder, 'sparse'), 2 ** 32);
  const startedMs = performance.now();
  const { code, err } = await gate(['--candidate', './sparse']);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  expect(code).toBe(2);
  expect(err).toMatch(/^ARTIFACT_TOO_LARGE: .*\n {2}release: \.\/sparse\n {2}sizeBytes: 4294967296\n {2}sizeBytesMax: 536870912\n/);
  expect(fake.calls).toEqual([]);
});

test('what was typed wrongly is 2, and nothing is sent', async () => {
  const claim = await gate(['--claim', 'is better']);
  expect([claim.code, claim.err.split(':')[0]]).toEqual([2, 'CLAIM_INVALID']);
  const release = await run(['gate', '--baseline', 'esbuild@9.9.9', '--candidate', './new', '--connection', fake.connection], { cwd: fake.folder });
  expect(release.code).toBe(2);
  expect(release.err).toMatch(/^RELEASE_UNKNOWN: .*\n {2}release: esbuild@9\.9\.9\n {2}known: .*esbuild@0\.18\.11, .*lua@5\.4\.0/);
  expect((await run(['gate', '--candidate', 'x'])).code).toBe(2);
  expect(fake.calls).toEqual([]);
});
