import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { BlobReplayRecords } from './adapters/blob-replay-records.js';
import { BlobWorkspaces } from './adapters/blob-workspaces.js';
import { ListedClosure } from './adapters/host-closure.js';
import { LocalCapsules } from './adapters/local-capsules.js';
import { replayRequested } from './api/replay-requested.consumer.js';
import { ReplayWorkerController } from './api/replay-worker.controller.js';
import { DescribeHost } from './application/describe-host.js';
import type { CapsuleScheduler, Workspaces } from './application/ports.js';
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
}

/** The pool that makes replays in capsules. */
export function replayWorkerService(options: ReplayWorkerOptions): StellaService {
  return {
    name: 'replay-worker',
    grpc: { 'stella.replay_worker.v1alpha.ReplayWorkerService': ReplayWorkerServiceService },
    wire: (context) => wire(context, options),
  };
}

function wire({ blobs, events, logger, metrics, clock, ids }: ServiceContext, options: ReplayWorkerOptions): ServiceParts {
  const facts = new ReplayWorkerEvents(events, logger, metrics);
  const capsules = options.capsules ?? new LocalCapsules(options.concurrency);
  const closure = new ListedClosure(options.closure);
  const host = new DescribeHost(capsules, closure, options.runnerSha256);
  const folder = options.workFolder ?? join(tmpdir(), `stella-replays-${process.getuid?.()}`);
  let opened: Promise<BlobWorkspaces> | undefined;
  const workspaces: Workspaces = {
    use: async (order, signal, work) => (await (opened ??= BlobWorkspaces.open(folder, blobs))).use(order, signal, work),
  };
  const run = new RunReplay(capsules, workspaces, closure, host, new BlobReplayRecords(blobs), facts, ids, clock);
  events.subscribe({ topic: TOPICS.replayRequested, concurrency: options.concurrency }, replayRequested(run, facts));
  return {
    controllers: [ReplayWorkerController],
    providers: [{ provide: DescribeHost, useValue: host }],
    start: async () => {
      // Leftovers of a killed worker go before new work comes; the digests of the closure are then at hand.
      await (opened ??= BlobWorkspaces.open(folder, blobs));
      await closure.describe();
    },
  };
}
