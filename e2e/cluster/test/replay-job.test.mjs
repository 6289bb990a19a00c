// Replays as Jobs of a real Kubernetes: made by the worker's own adapter under the chart's role, in the image of the
// Dockerfile, with inputs and results in a real S3.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { ReplayOutcomes } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { buildImages, saveImages } from '../../../docker/test/build-images.mjs';
import { startDocker } from '../../../docker/test/daemon.mjs';
import { hasGvisor, kubectl, up } from '../lib/cluster.mjs';
import { until } from '../lib/command.mjs';
import { BUSYBOX_IMAGE, importArchive } from '../lib/images.mjs';
import { API_SERVICE_ADDRESS, MACHINE_ADDRESS, STATE } from '../lib/paths.mjs';
import { median } from './support/median.mjs';
import { orderOf, replayWorker, REPLAYS } from './support/replays.mjs';

const never = () => new AbortController().signal;
let image;
let worker;

before(async () => {
  const stop = await startDocker();
  const [{ tag }] = await buildImages(['replay-capsule']);
  image = tag;
  await up({ say: (text) => console.log(`# ${text}`) });
  const archive = `${STATE}/replay-capsule.tar`;
  saveImages([tag], archive);
  importArchive(archive);
  await stop();
  worker = await replayWorker(image);
}, { timeout: 5_400_000 });
after(() => worker?.close());

async function outcomesOf(report, { blobs }) {
  assert.ok('runs' in report, inspect(report));
  const { runs } = ReplayOutcomes.decode(await blobs.bytes(report.outcomesSha256));
  return Promise.all(runs.map(async ({ result }) => {
    assert.equal(result.$case, 'outcome', inspect(result));
    return { ...result.value, text: (await blobs.bytes(result.value.stdout.sha256)).toString() };
  }));
}

test('a replay: every pin took hold, every run is the same, and the program sees nothing but its capsule', { timeout: 300_000 }, async () => {
  const report = await worker.replays.execute(await orderOf(worker.blobs, 'inside', { args: [API_SERVICE_ADDRESS, 'x'], replays: 20 }), never());
  const outcomes = await outcomesOf(report, worker);
  assert.equal(outcomes.length, 20);
  assert.equal(new Set(outcomes.map(({ text }) => text)).size, 1);
  const [{ exit, determinism, isolation, pins, text }] = outcomes;
  assert.deepEqual([exit, determinism, isolation], [{ $case: 'code', value: 3 }, 'D1', 'I1']);
  assert.deepEqual(new Set(Object.values(pins)), new Set(['pinned']));
  assert.match(text, /^socket refused\ntoken absent\ninputs absent\nrunner absent\nmain 0x[0-9a-f]+ time 1577836800 pid 2 uid 1000\n$/);
});

test('the worker is told what the Jobs\' nodes give', { timeout: 300_000 }, async () => {
  const { capabilities } = await worker.replays.describe(never());
  assert.deepEqual([capabilities.isolation, capabilities.determinism], ['I1', 'D1']);
  assert.ok(capabilities.host.closure.some(({ path }) => path === '/lib/x86_64-linux-gnu/libc.so.6'));
});

describe('what is lost is made once more', () => {
  const lose = {
    'a pod that is deleted': (name) => kubectl(['-n', REPLAYS, 'delete', 'pod', '-l', `batch.kubernetes.io/job-name=${name}`, '--grace-period=0', '--force', '--wait=false']),
    'a Job that is deleted': (name) => kubectl(['-n', REPLAYS, 'delete', 'job', name, '--wait=false']),
  };
  for (const [what, act] of Object.entries(lose)) {
    test(what, { timeout: 300_000 }, async () => {
      const made = worker.made.length;
      const running = worker.replays.execute(await orderOf(worker.blobs, 'slow', { replays: 2, wallMs: 60_000 }), never());
      const name = await until('the Job', 30, () => worker.made[made]);
      await until('its runner', 60, () => kubectl(['-n', REPLAYS, 'get', 'pods', '-l', `batch.kubernetes.io/job-name=${name}`, '-o', 'jsonpath={.items[*].status.containerStatuses[*].state.running.startedAt}']) !== '');
      await sleep(500);
      act(name);
      const outcomes = await outcomesOf(await running, worker);
      assert.deepEqual(outcomes.map(({ exit }) => exit.value), [4, 4]);
      assert.equal(worker.made.length, made + 2);
    });
  }
});

test('a foreign witness needs a sandbox', { timeout: 300_000 }, async () => {
  const report = await worker.replays.execute(await orderOf(worker.blobs, 'inside', { isolation: 'I2' }), never());
  assert.equal(report.failure?.reason, 'SANDBOX_UNAVAILABLE');
});

test('under gVisor a capsule can be made, and says that the address space is not pinned', { timeout: 300_000 }, async (context) => {
  if (!hasGvisor()) return context.skip('its build is not cached');
  const sandboxed = await replayWorker(image, { runtimeClassName: 'gvisor-replay', isSandbox: true, localhostProfile: '' }, MACHINE_ADDRESS);
  try {
    const { capabilities } = await sandboxed.replays.describe(never());
    console.log(`# gVisor: ${JSON.stringify({ isolation: capabilities.isolation, determinism: capabilities.determinism, lacking: capabilities.capabilities.filter(({ available }) => !available) })}`);
    assert.equal(capabilities.determinism, '');
  } finally {
    sandboxed.close();
  }
});

test('nothing of a Job has a token, and what it was asked is not in the API server', () => {
  const jobs = kubectl(['-n', REPLAYS, 'get', 'jobs,pods', '-o', 'json']);
  assert.doesNotMatch(jobs, /serviceAccountToken|socket refused/);
});

test('what a Job costs beyond the bare pod, in the same minute', { timeout: 600_000 }, async () => {
  const order = await orderOf(worker.blobs, 'inside', { replays: 1 });
  const [jobs, bare] = [[], []];
  for (let round = 0; round < 3; round++) {
    let began = Date.now();
    await outcomesOf(await worker.replays.execute({ ...order, replayId: `${order.replayId}-${round}` }, never()), worker);
    jobs.push(Date.now() - began);
    began = Date.now();
    kubectl(['-n', 'default', 'run', `bare-${round}`, `--image=${BUSYBOX_IMAGE}`, '--image-pull-policy=Never', '--restart=Never', '--command', '--', '/bin/true']);
    await until('the bare pod', 60, () => kubectl(['-n', 'default', 'get', 'pod', `bare-${round}`, '-o', 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}']) === '0', 50);
    bare.push(Date.now() - began);
    kubectl(['-n', 'default', 'delete', 'pod', `bare-${round}`, '--wait=false']);
  }
  console.log(`# a replay of one run as a Job: median ${median(jobs)} ms (N = ${jobs.length}: ${jobs.join(', ')}); \`kubectl run\` to its end: median ${median(bare)} ms (${bare.join(', ')})`);
  assert.ok(median(jobs) < 60_000);
});
