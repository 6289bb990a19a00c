// What replay-worker does in a cluster, from outside of it: its adapter as built, its role, the real store.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { S3BlobStore, LocalBlobCache } from '@stella/platform-blobs';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { Client } from 'minio';
import { useServers } from '../../../servers/index.mjs';
import { apply, helm, kubectl } from '../../lib/cluster.mjs';
import { forward } from '../../lib/forward.mjs';
import { API_SERVER, PKI, REPOSITORY, SOURCE } from '../../lib/paths.mjs';

const DIST = join(REPOSITORY, 'services', 'replay-worker', 'dist');
const load = (path) => import(join(DIST, path));
const { JobReplays } = await load('adapters/jobs/job-replays.js');
const { JOB_SETTINGS } = await load('adapters/jobs/job-settings.js');
const { KubernetesJobApi } = await load('adapters/jobs/kubernetes-job-api.js');
const { BlobReplayRecords } = await load('adapters/blob-replay-records.js');

export const RELEASE_NAMESPACE = 'e2e-replay';
export const REPLAYS = `${RELEASE_NAMESPACE}-replays`;

/**
 * The chart's part that replays need, applied; the store, reachable from pods. @returns the parts of a worker
 * @param {string} [storeHost] as whom pods find the store: under gVisor 127.0.0.1 is the sandbox's own, which nothing translates
 */
export async function replayWorker(image, settings = {}, storeHost = '127.0.0.1') {
  const { s3 } = await useServers(['s3']);
  const { port } = new URL(s3.endpoint);
  await forward([port]);
  const bucket = 'e2e-replay-jobs';
  const client = new Client({ endPoint: storeHost, port: Number(port), useSSL: false, region: s3.region, accessKey: s3.accessKey, secretKey: s3.secretKey });
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket);
  const values = join(REPOSITORY, 'charts', 'stella', 'ci', 'minimal-values.yaml');
  apply([RELEASE_NAMESPACE].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  const chart = helm(['template', 'e2e', join(REPOSITORY, 'charts', 'stella'), '-n', RELEASE_NAMESPACE, '-f', values, '-s', 'templates/replay.yaml']);
  apply(chart.replaceAll('name: e2e-stella-replay-jobs', 'name: e2e-stella-replay-jobs\n  namespace: ' + RELEASE_NAMESPACE).replaceAll('name: e2e-stella-seccomp', 'name: e2e-stella-seccomp\n  namespace: ' + RELEASE_NAMESPACE));
  apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'e2e-stella-replay-worker', namespace: RELEASE_NAMESPACE } });
  const cache = mkdtempSync(join(tmpdir(), 'stella-e2e-blobs-'));
  const blobs = await S3BlobStore.open({ ...s3, endpoint: `http://${storeHost}:${port}`, bucket }, await LocalBlobCache.open(cache, { sizeBytesMax: 1 << 30 }));
  const full = JOB_SETTINGS.parse({ namespace: REPLAYS, image, imagePullPolicy: 'Never', owner: 'e2e-stella', localhostProfile: 'stella/capsule.json', runtimeClassName: 'replay', runsAtOnce: 2, resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' } }, ...settings });
  const made = [];
  const api = new KubernetesJobApi(REPLAYS, asTheWorker());
  const create = api.create.bind(api);
  api.create = (job) => (made.push(job.metadata.name), create(job));
  const facts = { runEnded: () => undefined, completed: () => Promise.resolve() };
  const logger = createLogger({ name: 'e2e', level: 'error', format: 'json' });
  const replays = new JobReplays({ api, settings: full, blobs, links: blobs, records: new BlobReplayRecords(blobs), facts, metrics: new Metrics(), logger, clock: () => new Date(), ids: randomUUID });
  return { replays, blobs, made, close: () => rmSync(cache, { recursive: true, force: true }) };
}

/** Not the administrator: the role of the chart must be enough. */
function asTheWorker() {
  const token = kubectl(['-n', RELEASE_NAMESPACE, 'create', 'token', 'e2e-stella-replay-worker']).trim();
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'e2e', server: API_SERVER, caData: readFileSync(join(PKI, 'ca.crt')).toString('base64') }, { name: 'worker', token });
  return config;
}

/** An order to run a program of `test/programs` so many times. */
export async function orderOf(blobs, program, { args = [], replays = 5, wallMs = 10_000, isolation = 'I1', memoryBytes = 128 << 20 } = {}) {
  const put = async (bytes) => (await blobs.put(Buffer.from(bytes))).sha256;
  const work = mkdtempSync(join(tmpdir(), 'stella-e2e-program-'));
  execFileSync('gcc', ['-O1', '-o', join(work, program), join(SOURCE, 'test', 'programs', `${program}.c`)]);
  const artifactSha256 = await put(readFileSync(join(work, program)));
  rmSync(work, { recursive: true });
  return {
    replayId: randomUUID(), artifactSha256, determinism: 'D1', isolation, replays, canonicaliser: 'identity/1', notRunMax: 2, captureStack: false,
    deadline: new Date(Date.now() + 240_000),
    setup: {
      programPath: '/capsule/program', argumentsSha256: await put(JSON.stringify(args)), stdinSha256: '', files: [], environment: {}, seeds: { random: 7n },
      clock: { epochNs: 1_577_836_800_000_000_000n, tickNs: 1_000n }, locale: 'C', timeZone: 'UTC', hostname: 'h', uid: 1000, gid: 1000,
      caps: { cpuMs: 60_000, wallMs, memoryBytes, pids: 16, diskBytes: 1 << 20, outputBytes: 1 << 16, openFiles: 64 },
    },
  };
}
