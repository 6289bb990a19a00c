import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DomainError, isDomainError } from '@stella/errors';
import type { BlobLinks, BlobStore } from '@stella/platform-blobs';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import { span } from '@stella/platform-telemetry';
import type { ReplayFacts, ReplayRecords, Replays } from '../../application/ports.js';
import type { ReplayOrder } from '../../domain/replay-order.js';
import type { ReplayReport } from '../../domain/replay-report.js';
import { encodeManifest, inputsOf, type JobManifest } from '../../job/manifest.js';
import { readResult, type JobResult } from '../../job/result.js';
import { DETAIL_CHARS_MAX, JOB_ATTEMPTS_MAX, JOB_LINK_MARGIN_MS, JOB_RESULT_BYTES_MAX } from '../../limits.js';
import { awaitJob, type JobEnd } from './await-job.js';
import type { JobApi } from './job-api.js';
import { jobFor, LABEL_REPLAY } from './job-manifest.js';
import type { JobSettings } from './job-settings.js';

const MS_PER_SECOND = 1_000;

/** An attempt that came to nothing by nobody's fault. */
class Lost extends Error {}

export interface JobParts {
  readonly api: JobApi;
  readonly settings: JobSettings;
  readonly blobs: BlobStore;
  readonly links: BlobLinks;
  readonly records: ReplayRecords;
  readonly facts: ReplayFacts;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: () => Date;
  readonly ids: () => string;
  /** PEM of who signed the store's certificate. */
  readonly certificateAuthority?: string | undefined;
}

/**
 * Each replay as a Job. What goes in and comes out passes through the blob store by links that expire, so that a Job
 * has no credentials, and the API server's store neither inputs nor results. A lost attempt is made once more, from
 * the beginning; a worker that takes over from a dead one first removes what that one left.
 */
export class JobReplays implements Replays {
  readonly #jobs;
  readonly #seconds;

  constructor(private readonly parts: JobParts) {
    this.#jobs = parts.metrics.counter('replay_worker_jobs_total', 'Jobs of replays, by how they ended.', ['end']);
    this.#seconds = parts.metrics.histogram('replay_worker_job_seconds', 'From making a Job to its end.');
  }

  async execute(order: ReplayOrder, stopping: AbortSignal): Promise<ReplayReport> {
    const { settings, clock } = this.parts;
    const leftMs = order.deadline.getTime() - clock().getTime();
    if (leftMs <= 0) return failure('DEADLINE_EXCEEDED', `nobody waits since ${order.deadline.toISOString()}`);
    if (order.isolation === 'I2' && !settings.isSandbox && !settings.allowSharedKernel) return failureOf(new DomainError('SANDBOX_UNAVAILABLE', { isolation: order.isolation }));
    const late = AbortSignal.timeout(leftMs);
    const signal = AbortSignal.any([stopping, late]);
    let lost = '';
    try {
      for (let attempt = 1; attempt <= JOB_ATTEMPTS_MAX; attempt++) {
        try {
          return await this.#attempt(order, attempt, leftMs, signal);
        } catch (error) {
          if (!(error instanceof Lost)) throw error;
          lost = error.message;
          this.parts.logger.warn({ replay: order.replayId, attempt, why: lost }, 'a job of a replay was lost');
        }
      }
      return failureOf(new DomainError('REPLAY_JOB_LOST', { last: lost, attempts: String(JOB_ATTEMPTS_MAX) }));
    } catch (error) {
      if (late.aborted && !stopping.aborted) return failure('DEADLINE_EXCEEDED', 'the runs took too long');
      if (stopping.aborted || !isDomainError(error) || error.kind === 'unavailable') throw error;
      return failureOf(error);
    }
  }

  /** What a Job says of where it runs, without a replay. */
  async describe(signal: AbortSignal): Promise<JobResult> {
    const id = this.parts.ids();
    return this.#inJob(`probe-${id}`, id, undefined, this.parts.settings.deadlineSeconds * MS_PER_SECOND, signal);
  }

  async #attempt(order: ReplayOrder, attempt: number, leftMs: number, signal: AbortSignal): Promise<ReplayReport> {
    const { report } = await this.#inJob(order.replayId, `${order.replayId}/${attempt}/${this.parts.ids()}`, order, leftMs, signal);
    if (report === undefined) throw new DomainError('REPLAY_RESULT_INVALID', { problem: 'no report' });
    if ('failure' in report) return report;
    const isolation = order.isolation === 'I2' && this.parts.settings.isSandbox ? 'I2' : 'I1';
    const runs = report.runs.map((run) => ('outcome' in run ? { ...run, outcome: { ...run.outcome, isolation } } : run));
    for (const run of runs) this.parts.facts.runEnded(run);
    // The list of runs is written here, from what was checked; a Job's own word for its digest counts for nothing.
    return { outcomesSha256: await this.parts.records.keepRuns(runs), runs, host: report.host };
  }

  async #inJob(replayId: string, seed: string, order: ReplayOrder | undefined, leftMs: number, signal: AbortSignal): Promise<JobResult> {
    const { api, settings, blobs, links } = this.parts;
    const replayKey = keyOf(replayId);
    for (const left of await api.jobsOf(LABEL_REPLAY, replayKey)) await api.remove(left);
    const deadlineMs = Math.min(leftMs, settings.deadlineSeconds * MS_PER_SECOND);
    const ttlMs = deadlineMs + JOB_LINK_MARGIN_MS;
    const upload = await links.openUpload(ttlMs);
    const inputs = order === undefined ? [] : await Promise.all(inputsOf(order).map(async (sha256) => ({ sha256, url: await links.readUrl(sha256, ttlMs) })));
    const manifest: JobManifest = { order, inputs, resultUrl: upload.url, runsAtOnce: settings.runsAtOnce };
    const { sha256: manifestSha256 } = await blobs.put(encodeManifest(manifest));
    const name = `${settings.owner}-${keyOf(seed)}`;
    try {
      const manifestUrl = await links.readUrl(manifestSha256, ttlMs);
      const hosts = await addressesOf([manifestUrl, upload.url, ...inputs.map(({ url }) => url)]);
      const deadlineSeconds = Math.max(1, Math.ceil(deadlineMs / MS_PER_SECOND));
      const { certificateAuthority } = this.parts;
      await api.create(jobFor(settings, { name, replayKey, replayId, manifestUrl, manifestSha256, hosts, deadlineSeconds, certificateAuthority }));
      await this.#end(name, signal);
      return await this.#take(upload.id, order);
    } catch (error) {
      await api.remove(name).catch((cause: unknown) => this.parts.logger.warn({ err: cause, job: name }, 'a job stays behind until its time to live is over'));
      throw error;
    } finally {
      // It holds links; they expire, but need not lie about until then.
      await blobs.delete(manifestSha256).catch(() => undefined);
    }
  }

  async #end(name: string, signal: AbortSignal): Promise<void> {
    const began = Date.now();
    const end = await span('replay.job', { 'k8s.job.name': name, 'k8s.namespace.name': this.parts.settings.namespace }, () => awaitJob(this.parts.api, name, signal));
    this.#jobs.inc({ end: end.state });
    this.#seconds.observe((Date.now() - began) / MS_PER_SECOND);
    if (end.state !== 'completed') throw failedJob(end);
  }

  /** An upload that is not there after a good end was cut off with its node. */
  async #take(uploadId: string, order: ReplayOrder | undefined): Promise<JobResult> {
    const { blobs, links, records } = this.parts;
    const taken = await links.takeUpload(uploadId, { sizeBytesMax: JOB_RESULT_BYTES_MAX }).catch((error: unknown) => {
      if (isDomainError(error, 'BLOB_UPLOAD_MISSING')) throw new Lost('the result was not handed over');
      throw error;
    });
    try {
      return await readResult(blobs.read(taken.sha256), records, order);
    } finally {
      await blobs.delete(taken.sha256).catch(() => undefined);
    }
  }
}

function failedJob(end: Exclude<JobEnd, { state: 'completed' }>): Error {
  switch (end.state) {
    case 'lost':
      return new Lost(end.why);
    case 'late':
      return new DomainError('DEADLINE_EXCEEDED', { deadline: 'of the job' });
    case 'not-started':
      return new DomainError('REPLAY_JOB_NOT_STARTED', { why: end.why.slice(0, DETAIL_CHARS_MAX) });
    case 'failed':
      return new DomainError('REPLAY_JOB_FAILED', { why: end.why.slice(0, DETAIL_CHARS_MAX), said: end.message.slice(0, DETAIL_CHARS_MAX) });
  }
}

function failureOf(error: DomainError): ReplayReport {
  return failure(error.reason, `${error.message} ${JSON.stringify(error.facts)}`);
}

function failure(reason: string, detail: string): ReplayReport {
  return { failure: { reason, detail: detail.slice(0, DETAIL_CHARS_MAX) } };
}

/** 20 hexadecimal digits: fits a label and a name, and says nothing of what it is made from. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}

async function addressesOf(urls: readonly string[]): Promise<Record<string, string>> {
  const names = new Set(urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')).filter((name) => isIP(name) === 0));
  const found = await Promise.all([...names].map(async (name) => [name, (await lookup(name)).address] as const));
  return Object.fromEntries(found);
}
