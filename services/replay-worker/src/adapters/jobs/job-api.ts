import type { V1Job, V1Pod } from '@kubernetes/client-node';

/** What the worker needs of a cluster. */
export interface JobApi {
  /** @throws DomainError REPLAY_JOB_REFUSED, UNAVAILABLE */
  create(job: V1Job): Promise<void>;
  /** With its pods, at once; it may be gone already. */
  remove(name: string): Promise<void>;
  /** Names of the Jobs with this label. */
  jobsOf(label: string, value: string): Promise<readonly string[]>;
  /** Undefined: there is no such Job any more. */
  job(name: string): Promise<V1Job | undefined>;
  /** The pods of a Job as they are, then each change; ends when the connection does, or the signal says so. */
  pods(jobName: string, signal: AbortSignal): AsyncIterable<PodChange>;
}

export type PodChange = { readonly type: 'there' | 'gone'; readonly pod: V1Pod } | { readonly type: 'none' };
