import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import { DomainError } from '@stella/errors';
import type { BlobLinks, BlobStore } from '@stella/platform-blobs';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { BlobReplayRecords } from './adapters/blob-replay-records.js';
import { BlobWorkspaces } from './adapters/blob-workspaces.js';
import { ListedClosure } from './adapters/host-closure.js';
import type { JobApi } from './adapters/jobs/job-api.js';
import { JobHost } from './adapters/jobs/job-host.js';
import { JobReplays } from './adapters/jobs/job-replays.js';
import type { JobSettings } from './adapters/jobs/job-settings.js';
import { KubernetesJobApi } from './adapters/jobs/kubernetes-job-api.js';
import { LocalCapsules } from './adapters/local-capsules.js';
import { replayRequested } from './api/replay-requested.consumer.js';
import { ReplayWorkerController } from './api/replay-worker.controller.js';
import { DescribeHost, type HostDescription } from './application/describe-host.js';
import type { CapsuleScheduler, ReplayFacts, Replays, Workspaces } from './application/ports.js';
import { RunReplay } from './application/run-replay.js';
import { ReplayWorkerEvents, TOPICS } from './events.js';

export interface ReplayWorkerOptions {
  /** Capsules that run at once. */
  readonly concurrency: number;
  /** SHA-256 of the executable that makes capsules: two runners may run a program differently. */
  readonly runnerSha256: string;
  /** Absolute paths of the host's files that every program sees; default: the loader and the runtime of C and C++. */
  readonly closure?: readonly string[];
  /** Where programs are laid out; default: a folder below the system's temporary one. */
  readonly workFolder?: string;
  /** Default: processes of this machine. */
  readonly capsules?: CapsuleScheduler;
  /** Each replay as a Job of a cluster; none of the above but `concurrency` then matters. */
  readonly jobs?: JobsOptions;
}

export interface JobsOptions {
  readonly settings: JobSettings;
  /** Default: the API server that the pod, or a kubeconfig, names. */
  readonly api?: JobApi;
  /** Default: the service's blob store, where it hands out links. */
  readonly links?: BlobLinks;
  /** PEM of who signed the store's certificate. */
  readonly certificateAuthority?: string | undefined;
}

/** The pool that makes replays in capsules. */
export function replayWorkerService(options: ReplayWorkerOptions): StellaService {
  return {
    name: 'replay-worker',
    grpc: { 'stella.replay_worker.v1alpha.ReplayWorkerService': ReplayWorkerServiceService },
    wire: (context) => wire(context, options),
  };
}

function wire(context: ServiceContext, options: ReplayWorkerOptions): ServiceParts {
  const { events, logger, metrics } = context;
  const facts = new ReplayWorkerEvents(events, logger, metrics);
  const { replays, host, start } = options.jobs === undefined ? inThisProcess(context, options, facts) : inJobs(context, options.jobs, facts);
  events.subscribe({ topic: TOPICS.replayRequested, concurrency: options.concurrency }, replayRequested(replays, facts));
  return { controllers: [ReplayWorkerController], providers: [{ provide: DescribeHost, useValue: host }], start };
}

interface Place {
  readonly replays: Replays;
  readonly host: HostDescription;
  start(): Promise<void>;
}

function inThisProcess({ blobs, clock, ids }: ServiceContext, options: ReplayWorkerOptions, facts: ReplayFacts): Place {
  const capsules = options.capsules ?? new LocalCapsules(options.concurrency);
  const closure = new ListedClosure(options.closure);
  const host = new DescribeHost(capsules, closure, options.runnerSha256);
  const folder = options.workFolder ?? join(tmpdir(), `stella-replays-${process.getuid?.()}`);
  let opened: Promise<BlobWorkspaces> | undefined;
  const workspaces: Workspaces = {
    use: async (order, signal, work) => (await (opened ??= BlobWorkspaces.open(folder, blobs))).use(order, signal, work),
  };
  return {
    replays: new RunReplay(capsules, workspaces, closure, host, new BlobReplayRecords(blobs), facts, ids, clock),
    host,
    start: async () => {
      // Leftovers of a killed worker go before new work comes; the digests of the closure are then at hand.
      await (opened ??= BlobWorkspaces.open(folder, blobs));
      await closure.describe();
    },
  };
}

function inJobs({ blobs, clock, ids, logger, metrics }: ServiceContext, { settings, api, links, certificateAuthority }: JobsOptions, facts: ReplayFacts): Place {
  const parts = { api: api ?? new KubernetesJobApi(settings.namespace), settings, blobs, links: links ?? linksOf(blobs), records: new BlobReplayRecords(blobs), facts, metrics, logger, clock, ids, certificateAuthority };
  const replays = new JobReplays(parts);
  return { replays, host: new JobHost(replays, clock), start: () => Promise.resolve() };
}

/** A store that only this process reaches has nothing to offer to a Job. */
function linksOf(blobs: BlobStore): BlobLinks {
  if ('openUpload' in blobs) return blobs as BlobStore & BlobLinks;
  throw new DomainError('CONFIG_INVALID', { problems: 'replays as jobs need a blob store that hands out links (S3)' });
}
