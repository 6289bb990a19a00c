import { DomainError, isDomainError } from '@stella/errors';
import { canonicalDigest, nextStep, type ObservedRun } from '@stella/witness';
import type { CapsuleRequest } from '@stella/native';
import { isLoaderFailure } from '../domain/loader-failure.js';
import type { ReplayOrder } from '../domain/replay-order.js';
import type { Failure, Host, ReplayReport, ReplayRun, RunOutcome } from '../domain/replay-report.js';
import { DETAIL_CHARS_MAX, RUNS_MAX } from '../limits.js';
import { capsuleRequest, comparable, type DecodedRun, decodeRun } from './capsule-run.js';
import type { DescribeHost } from './describe-host.js';
import type { CapsuleScheduler, HostClosure, ReplayFacts, ReplayRecords, Replays, Workspace, Workspaces } from './ports.js';

interface Ended {
  readonly run: ReplayRun;
  readonly observed: ObservedRun;
}

/**
 * Makes the runs of one replay, several at once, and keeps what each did. Safe to repeat: nothing but blobs is left.
 * The first two runs that differ end it, and so do several in a row that could not be made.
 */
export class RunReplay implements Replays {
  constructor(
    private readonly capsules: CapsuleScheduler,
    private readonly workspaces: Workspaces,
    private readonly closure: HostClosure,
    private readonly host: DescribeHost,
    private readonly records: ReplayRecords,
    private readonly facts: ReplayFacts,
    private readonly newRunId: () => string,
    private readonly clock: () => Date,
  ) {}

  /** @throws whatever another attempt may mend: the store or the host's tools are away, or the worker stops */
  async execute(order: ReplayOrder, stopping: AbortSignal): Promise<ReplayReport> {
    const leftMs = order.deadline.getTime() - this.clock().getTime();
    if (leftMs <= 0) return { failure: { reason: 'DEADLINE_EXCEEDED', detail: `nobody waits since ${order.deadline.toISOString()}` } };
    const late = AbortSignal.timeout(leftMs);
    try {
      const signal = AbortSignal.any([stopping, late]);
      return await this.workspaces.use(order, signal, (workspace) => this.#runAll(order, workspace, signal));
    } catch (error) {
      if (stopping.aborted || !isDomainError(error) || isPassing(error)) throw error;
      return { failure: late.aborted ? { reason: 'DEADLINE_EXCEEDED', detail: 'the runs took too long' } : failureOf(error) };
    }
  }

  async #runAll(order: ReplayOrder, workspace: Workspace, signal: AbortSignal): Promise<ReplayReport> {
    const { host } = await this.host.execute();
    const request = capsuleRequest(order, await this.records.arguments(order.setup.argumentsSha256), workspace, host.closure);
    const plan = { replays: order.replays, parallel: this.capsules.parallel, notRunMax: order.notRunMax };
    const ended: Ended[] = [];
    for (;;) {
      const next = nextStep(plan, ended.map(({ observed }) => observed));
      if (next.action === 'stop' || ended.length >= RUNS_MAX) break;
      const count = Math.min(next.count, RUNS_MAX - ended.length);
      ended.push(...(await allOrNone(count, signal, (siblings) => this.#runOnce(order, request, siblings))));
    }
    await this.#requireSameHost(host);
    const runs = ended.map(({ run }) => run);
    return { outcomesSha256: await this.records.keepRuns(runs), runs, host };
  }

  async #runOnce(order: ReplayOrder, request: CapsuleRequest, signal: AbortSignal): Promise<Ended> {
    const runId = this.newRunId();
    const ended = await this.#attempt(order, request, signal);
    const run: ReplayRun = { runId, ...ended.result };
    this.facts.runEnded(run);
    return { run, observed: ended.observed };
  }

  async #attempt(order: ReplayOrder, request: CapsuleRequest, signal: AbortSignal): Promise<{ result: { outcome: RunOutcome } | { failure: Failure }; observed: ObservedRun }> {
    let decoded: DecodedRun;
    let canonicalSha256: string;
    try {
      decoded = decodeRun(await this.capsules.run(request, signal));
      if (isLoaderFailure(decoded.exit, decoded.stderr)) {
        throw new DomainError('CLOSURE_INCOMPLETE', { loader: decoded.stderr.subarray(0, 500).toString('utf8').trim() });
      }
      canonicalSha256 = canonicalDigest(comparable(decoded, order.canonicaliser));
    } catch (error) {
      if (signal.aborted || !isDomainError(error) || isPassing(error)) throw error;
      return { result: { failure: failureOf(error) }, observed: { observation: 'not-run', canonicalSha256: null } };
    }
    // A run that was made and cannot be kept is not one that could not be made. What it means is not for the worker to say; only whether it is the same.
    return { result: { outcome: await this.#keep(decoded) }, observed: { observation: 'other-failure', canonicalSha256 } };
  }

  async #keep({ outcome, exit, stdout, stderr }: DecodedRun): Promise<RunOutcome> {
    const stack = outcome.stack === null ? '' : await this.records.keepBytes(Buffer.from(JSON.stringify(outcome.stack)));
    const { capHit, pins, nonDeterminism, threads, determinism, isolation, measured } = outcome;
    return {
      exit,
      capHit,
      stdout: { sha256: await this.records.keepBytes(stdout), sizeBytes: stdout.length, truncated: outcome.stdout.truncated },
      stderr: { sha256: await this.records.keepBytes(stderr), sizeBytes: stderr.length, truncated: outcome.stderr.truncated },
      stackSha256: stack,
      pins,
      nonDeterminism,
      threads,
      determinism: determinism ?? '',
      isolation,
      measured,
    };
  }

  /** Libraries that were exchanged while programs ran: nobody knows which ones they saw. */
  async #requireSameHost({ closure }: Host): Promise<void> {
    const after = await this.closure.describe();
    const changed = after.find(({ path, sha256 }, at) => closure[at]?.path !== path || closure[at]?.sha256 !== sha256);
    if (changed !== undefined || after.length !== closure.length) throw new DomainError('REPLAY_HOST_CHANGED', { path: changed?.path ?? '' });
  }
}

/** Runs side by side; the first that fails ends the others, and none is left when this ends: their workspace goes with it. */
async function allOrNone<T>(count: number, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T[]> {
  const failed = new AbortController();
  const siblings = AbortSignal.any([signal, failed.signal]);
  const runs = Array.from({ length: count }, () =>
    run(siblings).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const settled = await Promise.allSettled(runs);
  // The first that failed, and not those that were ended for it.
  if (failed.signal.aborted) throw failed.signal.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

/** What may be over soon is tried again; a host without a capsule is told at once. */
function isPassing({ kind, reason }: DomainError): boolean {
  return kind === 'unavailable' && !reason.startsWith('NATIVE_');
}

function failureOf(error: DomainError): Failure {
  const { nativeReason, ...facts } = error.facts;
  return { reason: nativeReason || error.reason, detail: `${error.message} ${JSON.stringify(facts)}`.slice(0, DETAIL_CHARS_MAX) };
}
