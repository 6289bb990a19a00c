import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import { JOB_API_PAUSE_MS, JOB_START_TIMEOUT_MS } from '../../limits.js';
import type { JobApi } from './job-api.js';
import { podState, type PodState } from './pod-state.js';

export type JobEnd = Exclude<PodState, { state: 'waiting' | 'running' }> | { readonly state: 'not-started'; readonly why: string };

interface Waited {
  sawPod: boolean;
  hasRun: boolean;
  why: string;
}

/**
 * Follows a Job's pod to its end. Connections that break are made again; an API server that is away is waited for as
 * long as the signal lets.
 * @throws DomainError CANCELLED when the signal says so, REPLAY_JOB_REFUSED
 */
export async function awaitJob(api: JobApi, name: string, signal: AbortSignal, startTimeoutMs: number = JOB_START_TIMEOUT_MS): Promise<JobEnd> {
  const startBy = Date.now() + startTimeoutMs;
  const waited: Waited = { sawPod: false, hasRun: false, why: 'no pod was made' };
  for (;;) {
    if (signal.aborted) throw new DomainError('CANCELLED', {}, { cause: signal.reason });
    const end = (await follow(api, name, signal, startBy, waited)) ?? (await goneOrFailed(api, name, waited));
    if (end) return end;
    if (!waited.hasRun && Date.now() >= startBy) return { state: 'not-started', why: waited.why };
    await delay(JOB_API_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One connection's worth of changes. */
async function follow(api: JobApi, name: string, signal: AbortSignal, startBy: number, waited: Waited): Promise<JobEnd | undefined> {
  const untilStart = waited.hasRun ? [] : [AbortSignal.timeout(Math.max(1, startBy - Date.now()))];
  const connection = new AbortController();
  try {
    for await (const change of api.pods(name, AbortSignal.any([signal, connection.signal, ...untilStart]))) {
      if (change.type === 'none') {
        if (waited.sawPod) return { state: 'lost', why: 'the pod is gone' };
        const end = await goneOrFailed(api, name, waited);
        if (end) return end;
        continue;
      }
      waited.sawPod = true;
      const state = podState(change.pod);
      if (state.state === 'running') waited.hasRun = true;
      else if (state.state === 'waiting') waited.why = state.why;
      else return state;
      if (change.type === 'gone') return { state: 'lost', why: 'the pod was deleted' };
    }
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason !== 'UNAVAILABLE') throw error;
  } finally {
    connection.abort();
  }
  return undefined;
}

/** What the pod alone does not tell: somebody deleted the Job, or its controller gave up before there was a pod. */
async function goneOrFailed(api: JobApi, name: string, waited: Waited): Promise<JobEnd | undefined> {
  const job = await api.job(name).catch((error: unknown) => {
    if (error instanceof DomainError && error.reason === 'UNAVAILABLE') return null;
    throw error;
  });
  if (job === null) return undefined;
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return { state: 'lost', why: 'the job was deleted' };
  const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed?.reason === 'DeadlineExceeded') return { state: 'late' };
  if (failed && !waited.sawPod) return { state: 'not-started', why: `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}` };
  if (failed) return { state: 'lost', why: `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}` };
  return undefined;
}
