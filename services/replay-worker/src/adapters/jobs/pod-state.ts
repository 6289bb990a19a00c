import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { RUNNER } from './job-manifest.js';

/** How far a Job's pod is. `lost` is nobody's fault and worth another attempt; `failed` would fail again. */
export type PodState =
  | { readonly state: 'waiting'; readonly why: string }
  | { readonly state: 'running' }
  | { readonly state: 'completed' }
  | { readonly state: 'late' }
  | { readonly state: 'lost'; readonly why: string }
  | { readonly state: 'failed'; readonly why: string; readonly message: string };

/** What the kubelet or a controller says of a pod that it gave up, by no fault of the program. */
const LOST_REASONS = new Set(['Evicted', 'NodeLost', 'Preempting', 'Shutdown', 'NodeShutdown', 'Terminated', 'NodeAffinity', 'UnexpectedAdmissionError', 'OutOfcpu', 'OutOfmemory', 'OutOfpods', 'OutOfephemeral-storage']);
/** Own exit codes (`job/main.ts`) that another attempt may mend: the store did not answer, or cut the result off. */
const PASSING_EXIT_CODES = new Set([10, 12]);
const SIGNALLED = 128;

/**
 * Judges by the containers' own ends: they are told some seconds before the pod's phase and the Job's condition change.
 */
export function podState(pod: V1Pod): PodState {
  const { metadata, status } = pod;
  if (status?.reason === 'DeadlineExceeded') return { state: 'late' };
  if (status?.reason !== undefined && LOST_REASONS.has(status.reason)) return { state: 'lost', why: `${status.reason}: ${status.message ?? ''}` };
  const disrupted = status?.conditions?.find(({ type, status: holds }) => type === 'DisruptionTarget' && holds === 'True');
  if (disrupted) return { state: 'lost', why: `${disrupted.reason ?? 'DisruptionTarget'}: ${disrupted.message ?? ''}` };
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const runner = status?.containerStatuses?.find(({ name }) => name === RUNNER);
  if (runner?.state?.terminated?.exitCode === 0) return { state: 'completed' };
  if (metadata?.deletionTimestamp !== undefined) return { state: 'lost', why: 'the pod was deleted' };
  for (const one of statuses) {
    const ended = endOf(one);
    if (ended) return ended;
  }
  if (status?.phase === 'Failed') return { state: 'lost', why: `${status.reason ?? 'Failed'}: ${status.message ?? ''}` };
  if (runner?.state?.running) return { state: 'running' };
  return { state: 'waiting', why: whyWaiting(pod, statuses) };
}

function endOf({ name, state }: V1ContainerStatus): PodState | undefined {
  const terminated = state?.terminated;
  if (!terminated || terminated.exitCode === 0) return undefined;
  const { exitCode, reason = 'Error', message = '' } = terminated;
  // gVisor tells it by the reason, with another code.
  if (reason === 'OOMKilled') return { state: 'failed', why: `${name}: the pod's memory cap`, message };
  if (PASSING_EXIT_CODES.has(exitCode)) return { state: 'lost', why: `${name}: ${message || `exit ${exitCode}`}` };
  if (exitCode > SIGNALLED || reason === 'ContainerStatusUnknown') return { state: 'lost', why: `${name}: ${reason}, exit ${exitCode}` };
  return { state: 'failed', why: `${name}: ${reason}, exit ${exitCode}`, message };
}

function whyWaiting({ status }: V1Pod, statuses: readonly V1ContainerStatus[]): string {
  const waiting = statuses.map(({ state }) => state?.waiting).find((found) => found?.reason !== undefined && found.reason !== 'PodInitializing');
  if (waiting) return `${waiting.reason}: ${waiting.message ?? ''}`;
  const unscheduled = status?.conditions?.find(({ type, status: holds }) => type === 'PodScheduled' && holds === 'False');
  return unscheduled ? `${unscheduled.reason ?? 'Unscheduled'}: ${unscheduled.message ?? ''}` : (status?.phase ?? 'Pending');
}
