import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReplayOutcomes } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { LoopbackBlobLinks, MemoryBlobStore } from '@stella/platform-blobs';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { BlobReplayRecords } from '../src/adapters/blob-replay-records.js';
import { JobHost } from '../src/adapters/jobs/job-host.js';
import { JobReplays } from '../src/adapters/jobs/job-replays.js';
import { JOB_SETTINGS, type JobSettings } from '../src/adapters/jobs/job-settings.js';
import { KubernetesJobApi } from '../src/adapters/jobs/kubernetes-job-api.js';
import type { ReplayOrder } from '../src/domain/replay-order.js';
import type { ReplayReport, ReplayRun } from '../src/domain/replay-report.js';
import { encodeHead } from '../src/job/result.js';
import { fetchInputs, runJob } from '../src/job/run-job.js';
import { FakeCluster, type FakePod, type Kubelet } from './support/fake-cluster.js';

const folder = mkdtempSync(join(tmpdir(), 'replay-jobs-'));
const SETTINGS = JOB_SETTINGS.parse({ namespace: 'replays', image: 'capsule:1', owner: 'acme', localhostProfile: 'stella/capsule.json', resources: { limits: { memory: '1Gi', 'ephemeral-storage': '1Gi' } } });
const logger = createLogger({ name: 'test', level: 'error', format: 'json' });
let blobs: MemoryBlobStore;
let links: LoopbackBlobLinks;
let program: string;
let cluster: FakeCluster;
let ended: ReplayRun[];

beforeAll(async () => {
  blobs = new MemoryBlobStore();
  links = await LoopbackBlobLinks.start(blobs);
  const code = join(folder, 'greet.c');
  writeFileSync(code, '#include <stdio.h>\nint main(int c, char **v) { char in[64] = {0}; fgets(in, 64, stdin); printf("%s %s", v[1], in); return 3; }');
  execFileSync('gcc', ['-o', join(folder, 'greet'), code]);
  program = (await blobs.put(readFileSync(join(folder, 'greet')))).sha256;
});
afterEach(() => cluster?.stop());
afterAll(async () => {
  await links.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function order(changes: Partial<ReplayOrder> = {}): Promise<ReplayOrder> {
  const put = async (text: string) => (await blobs.put(Buffer.from(text))).sha256;
  return {
    replayId: randomUUID(), artifactSha256: program, determinism: 'D1', isolation: 'I1', replays: 3, canonicaliser: 'identity/1', notRunMax: 2, captureStack: false,
    deadline: new Date(Date.now() + 60_000),
    setup: {
      programPath: '/capsule/program', argumentsSha256: await put('["hello"]'), stdinSha256: await put('there'), files: [], environment: {}, seeds: { random: 18_446_744_073_709_551_615n },
      clock: { epochNs: 1_577_836_800_000_000_000n, tickNs: 1_000n }, locale: 'C', timeZone: 'UTC', hostname: 'h', uid: 1000, gid: 1000,
      caps: { cpuMs: 5_000, wallMs: 5_000, memoryBytes: 256 << 20, pids: 16, diskBytes: 1 << 20, outputBytes: 1 << 16, openFiles: 64 },
    },
    ...changes,
  };
}

async function replays(kubelet: Kubelet, settings: JobSettings = SETTINGS): Promise<JobReplays> {
  cluster = await FakeCluster.start(kubelet);
  ended = [];
  const facts = { runEnded: (run: ReplayRun) => void ended.push(run), completed: () => Promise.resolve() };
  return new JobReplays({ api: new KubernetesJobApi(settings.namespace, cluster.config), settings, blobs, links, records: new BlobReplayRecords(blobs), facts, metrics: new Metrics(), logger, clock: () => new Date(), ids: randomUUID });
}

const never = () => new AbortController().signal;

/** A node that works: both steps of the Job, as its containers would run them. */
async function work(pod: FakePod): Promise<void> {
  const place = mkdtempSync(join(folder, 'pod-'));
  const { STELLA_JOB_MANIFEST_URL: manifestUrl = '', STELLA_JOB_MANIFEST_SHA256: manifestSha256 = '' } = pod.env('inputs');
  pod.is({ phase: 'Pending' });
  await fetchInputs({ folder: place, manifestUrl, manifestSha256, certificateAuthority: undefined });
  pod.runner({ running: {} });
  await runJob(place, undefined);
  pod.runner({ terminated: { exitCode: 0 } });
}

function reasonOf(report: ReplayReport): string {
  return 'failure' in report ? report.failure.reason : 'made';
}

test('the runs are made in a Job, and what they did is kept as if they had been made here', async () => {
  const jobs = await replays(work);
  const given = await order();
  const report = await jobs.execute(given, never());
  if (!('runs' in report)) throw new Error(JSON.stringify(report));
  expect(report.runs).toHaveLength(3);
  expect(ended).toEqual(report.runs);
  const { runs } = ReplayOutcomes.decode(await blobs.bytes(report.outcomesSha256));
  const outcomes = runs.map(({ result }) => (result?.$case === 'outcome' ? result.value : undefined));
  expect(outcomes.map((outcome) => [outcome?.exit, outcome?.isolation, outcome?.determinism])).toEqual(Array.from({ length: 3 }, () => [{ $case: 'code', value: 3 }, 'I1', 'D1']));
  expect((await blobs.bytes(outcomes[0]?.stdout?.sha256 ?? '')).toString()).toBe('hello there');
  expect(report.host.closure.length).toBeGreaterThan(0);
  // Nothing that holds a link stays behind; the Job is left to its time to live.
  const manifest = cluster.made[0]?.spec?.template.spec?.initContainers?.[0]?.env?.find(({ name }) => name === 'STELLA_JOB_MANIFEST_SHA256')?.value ?? '';
  expect(await blobs.stat(manifest)).toBeUndefined();
  expect(cluster.jobs.size).toBe(1);
}, 30_000);

test('a Job has no token, no capability, no writable root, no DNS, and one attempt', async () => {
  const jobs = await replays(work, { ...SETTINGS, runtimeClassName: 'gvisor', userNamespaces: true, tolerations: [{ key: 'replays', operator: 'Exists' }] });
  await jobs.execute(await order(), never());
  const spec = cluster.made[0]?.spec;
  const pod = spec?.template.spec;
  expect(spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 300 });
  expect(pod).toMatchObject({ automountServiceAccountToken: false, restartPolicy: 'Never', enableServiceLinks: false, dnsPolicy: 'None', runtimeClassName: 'gvisor', hostUsers: false, tolerations: [{ key: 'replays' }], securityContext: { runAsNonRoot: true } });
  for (const container of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]) {
    expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(container.resources?.limits).toEqual({ memory: '1Gi', 'ephemeral-storage': '1Gi' });
  }
  expect(pod?.containers[0]?.securityContext?.seccompProfile).toEqual({ type: 'Localhost', localhostProfile: 'stella/capsule.json' });
}, 30_000);

test.each<[string, (pod: FakePod) => void]>([
  ['was evicted', (pod) => pod.is({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' })],
  ['was on a node that went away', (pod) => pod.is({ phase: 'Running', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }] })],
  ['was deleted with its Job', (pod) => (pod.runner({ running: {} }), cluster.removeJob(cluster.made.at(-1)?.metadata?.name ?? ''))],
  ['was killed', (pod) => pod.runner({ terminated: { exitCode: 137, reason: 'Error' } })],
  ['could not fetch its inputs', (pod) => pod.is({ phase: 'Pending', initContainerStatuses: [{ name: 'inputs', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 10, message: 'GET s3: 503' } } }] })],
  ['said that it is done, but handed nothing over', (pod) => pod.runner({ terminated: { exitCode: 0 } })],
])('a pod that %s is made anew once, from the beginning; a second loss is told', async (_, lose) => {
  const once = await replays((pod, __, attempt) => (attempt === 1 ? lose(pod) : work(pod)));
  const report = await once.execute(await order(), never());
  expect(reasonOf(report)).toBe('made');
  expect(cluster.made).toHaveLength(2);
  expect(cluster.jobs.size).toBe(1);
  await cluster.stop();
  const twice = await replays((pod) => lose(pod));
  expect(reasonOf(await twice.execute(await order(), never()))).toBe('REPLAY_JOB_LOST');
  expect(cluster.made).toHaveLength(2);
  expect(cluster.jobs.size).toBe(0);
}, 30_000);

test.each<[string, (pod: FakePod) => void, string, string]>([
  ['its memory cap', (pod) => pod.runner({ terminated: { exitCode: 128, reason: 'OOMKilled' } }), 'REPLAY_JOB_FAILED', 'memory cap'],
  ['its deadline', (pod) => pod.is({ phase: 'Failed', reason: 'DeadlineExceeded' }), 'DEADLINE_EXCEEDED', 'of the job'],
  ['a refusal of its own', (pod) => pod.runner({ terminated: { exitCode: 11, reason: 'Error', message: 'EVENT_INVALID {}' } }), 'REPLAY_JOB_FAILED', 'EVENT_INVALID'],
])('a Job that ends by %s says so and is not tried again', async (_, end, reason, detail) => {
  const jobs = await replays((pod) => end(pod));
  const report = await jobs.execute(await order(), never());
  expect(report).toMatchObject({ failure: { reason, detail: expect.stringContaining(detail) } });
  expect(cluster.made).toHaveLength(1);
});

test('a witness of somebody else needs a sandbox, or a word that the node\'s kernel is good enough', async () => {
  const foreign = await order({ isolation: 'I2' });
  const without = await replays(work);
  expect(reasonOf(await without.execute(foreign, never()))).toBe('SANDBOX_UNAVAILABLE');
  expect(cluster.made).toEqual([]);
  await cluster.stop();
  const levels = async (settings: JobSettings) => {
    const report = await (await replays(work, settings)).execute({ ...foreign, replayId: randomUUID() }, never());
    return 'runs' in report ? report.runs.map((run) => ('outcome' in run ? run.outcome.isolation : '')) : report;
  };
  expect(await levels({ ...SETTINGS, allowSharedKernel: true })).toEqual(['I1', 'I1', 'I1']);
  await cluster.stop();
  expect(await levels({ ...SETTINGS, runtimeClassName: 'gvisor', isSandbox: true })).toEqual(['I2', 'I2', 'I2']);
}, 30_000);

test('what another worker left of the replay is removed first', async () => {
  const given = await order();
  const first = await replays((pod) => pod.runner({ running: {} }));
  const gone = new AbortController();
  const left = first.execute(given, gone.signal);
  await expectSoon(() => expect(cluster.made).toHaveLength(1));
  const old = cluster.made[0]?.metadata?.name ?? '';
  const dead = cluster.jobs.get(old);
  gone.abort();
  await expect(left).rejects.toMatchObject({ reason: 'CANCELLED' });
  expect(cluster.jobs.size).toBe(0);
  await cluster.stop();
  const second = await replays(work);
  // A worker that was killed could not even do that.
  if (dead) cluster.jobs.set(old, dead);
  expect(reasonOf(await second.execute(given, never()))).toBe('made');
  expect([...cluster.jobs.keys()]).not.toContain(old);
}, 30_000);

test('broken watches and an API server that is away for a moment change nothing', async () => {
  const jobs = await replays(async (pod) => {
    pod.runner({ running: {} });
    await new Promise((resolve) => setTimeout(resolve, 100));
    cluster.cutWatches();
    await work(pod);
  });
  expect(reasonOf(await jobs.execute(await order(), never()))).toBe('made');
  await cluster.stop();
  const away = await replays(work);
  cluster.refusals.push({ code: 503, message: 'etcd is away' });
  // Left to another attempt of the event's consumer.
  await expect(away.execute(await order(), never())).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
}, 30_000);

test('a cluster that refuses the Job, and nobody who waits any more, are told', async () => {
  const jobs = await replays(work);
  cluster.refusals.push({ code: 403, message: 'violates PodSecurity "restricted:latest"' });
  expect(await jobs.execute(await order(), never())).toMatchObject({ failure: { reason: 'REPLAY_JOB_REFUSED', detail: expect.stringContaining('PodSecurity') } });
  expect(reasonOf(await jobs.execute(await order({ deadline: new Date(0) }), never()))).toBe('DEADLINE_EXCEEDED');
  expect(reasonOf(await jobs.execute(await order({ artifactSha256: 'f'.repeat(64) }), never()))).toBe('BLOB_NOT_FOUND');
});

test.each<[string, (head: string) => string]>([
  ['is cut off', (text) => text.slice(0, -10)],
  ['lists a blob that is another', (text) => text.replace(/"blobs":\[\{"sha256":"[0-9a-f]{4}/, '"blobs":[{"sha256":"0000')],
  ['has something after its end', (text) => `${text}more`],
])('a result that %s is refused', async (_, spoil) => {
  const jobs = await replays(async (pod) => {
    const place = mkdtempSync(join(folder, 'pod-'));
    const { STELLA_JOB_MANIFEST_URL: manifestUrl = '', STELLA_JOB_MANIFEST_SHA256: manifestSha256 = '' } = pod.env('inputs');
    await fetchInputs({ folder: place, manifestUrl, manifestSha256, certificateAuthority: undefined });
    await runJob(place, undefined);
    const manifest = JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8')) as { resultUrl: string };
    await fetch(manifest.resultUrl, { method: 'PUT', body: Buffer.from(spoil(readFileSync(join(place, 'result'), 'latin1')), 'latin1') });
    pod.runner({ terminated: { exitCode: 0 } });
  });
  expect(await jobs.execute(await order(), never())).toMatchObject({ failure: { reason: 'REPLAY_RESULT_INVALID' } });
}, 30_000);

test('a result of runs that nobody asked for is refused', async () => {
  const host = { runnerSha256: 'a'.repeat(64), kernel: '6', cpuModelClass: 'x', closure: [] };
  const jobs = await replays(async (pod) => {
    const { STELLA_JOB_MANIFEST_URL: manifestUrl = '' } = pod.env('inputs');
    const { resultUrl } = (await (await fetch(manifestUrl)).json()) as { resultUrl: string };
    const runs = Array.from({ length: 6 }, (_, at) => ({ runId: String(at), failure: { reason: 'X', detail: '' } }));
    await fetch(resultUrl, { method: 'PUT', body: encodeHead({ capabilities: { host, capabilities: [], isolation: 'I1', determinism: 'D1' }, report: { outcomesSha256: 'b'.repeat(64), runs, host } }, []) });
    pod.runner({ terminated: { exitCode: 0 } });
  });
  expect(await jobs.execute(await order(), never())).toMatchObject({ failure: { reason: 'REPLAY_RESULT_INVALID', detail: expect.stringContaining('6 runs of 3') } });
});

test('a Job tells what its host gives; it is asked once', async () => {
  const jobs = await replays(work);
  const host = new JobHost(jobs, () => new Date());
  const [first] = await Promise.all([host.execute(), host.execute()]);
  expect(first).toMatchObject({ isolation: 'I1', determinism: 'D1', host: { kernel: expect.stringMatching(/^\d/) } });
  expect(cluster.made).toHaveLength(1);
}, 30_000);

test('settings that are not those of a Job are refused', () => {
  expect(JOB_SETTINGS.safeParse({ namespace: 'a', image: 'b', owner: 'c', privileged: true }).success).toBe(false);
});

async function expectSoon(check: () => void): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      return check();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
