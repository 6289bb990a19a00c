import { ApiException, BatchV1Api, CoreV1Api, KubeConfig, type V1Job, type V1Pod, Watch } from '@kubernetes/client-node';
import { DomainError } from '@stella/errors';
import type { JobApi, PodChange } from './job-api.js';

const DETAIL_CHARS_MAX = 500;

/** The API server by the pod's own account, or by a kubeconfig. */
export class KubernetesJobApi implements JobApi {
  readonly #batch: BatchV1Api;
  readonly #core: CoreV1Api;
  readonly #watch: Watch;

  constructor(
    private readonly namespace: string,
    config: KubeConfig = defaultConfig(),
  ) {
    this.#batch = config.makeApiClient(BatchV1Api);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#watch = new Watch(config);
  }

  async create(job: V1Job): Promise<void> {
    await translated(this.#batch.createNamespacedJob({ namespace: this.namespace, body: job }));
  }

  async remove(name: string): Promise<void> {
    const removed = this.#batch.deleteNamespacedJob({ namespace: this.namespace, name, propagationPolicy: 'Background', gracePeriodSeconds: 0 });
    await translated(removed).catch(ifGone);
  }

  async jobsOf(label: string, value: string): Promise<readonly string[]> {
    const { items } = await translated(this.#batch.listNamespacedJob({ namespace: this.namespace, labelSelector: `${label}=${value}` }));
    return items.flatMap(({ metadata }) => metadata?.name ?? []);
  }

  async job(name: string): Promise<V1Job | undefined> {
    return translated(this.#batch.readNamespacedJob({ namespace: this.namespace, name })).catch(ifGone);
  }

  async *pods(jobName: string, signal: AbortSignal): AsyncGenerator<PodChange> {
    const labelSelector = `batch.kubernetes.io/job-name=${jobName}`;
    const { items, metadata } = await translated(this.#core.listNamespacedPod({ namespace: this.namespace, labelSelector }));
    if (items.length === 0) yield { type: 'none' };
    for (const pod of items) yield { type: 'there', pod };
    yield* this.#changes(labelSelector, metadata?.resourceVersion, signal);
  }

  async *#changes(labelSelector: string, resourceVersion: string | undefined, signal: AbortSignal): AsyncGenerator<PodChange> {
    const waiting: PodChange[] = [];
    let wake: () => void = () => undefined;
    let isOver = false;
    const onChange = (phase: string, pod: V1Pod): void => {
      if (['ADDED', 'MODIFIED', 'DELETED'].includes(phase)) waiting.push({ type: phase === 'DELETED' ? 'gone' : 'there', pod });
      else isOver = true;
      wake();
    };
    const onEnd = (): void => {
      isOver = true;
      wake();
    };
    const path = `/api/v1/namespaces/${this.namespace}/pods`;
    const connecting = this.#watch.watch(path, { labelSelector, ...(resourceVersion !== undefined && { resourceVersion }) }, onChange, onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    if (signal.aborted) onEnd();
    try {
      for (;;) {
        for (const change of waiting.splice(0)) yield change;
        if (isOver) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isOver || waiting.length > 0) resolve();
        });
      }
    } finally {
      signal.removeEventListener('abort', onEnd);
      void connecting.then((connection) => connection.abort(), () => undefined);
    }
  }
}

function defaultConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

function ifGone(error: unknown): undefined {
  if (error instanceof DomainError && error.facts['status'] === '404') return undefined;
  throw error;
}

/** A refusal says so; all else may be over soon. */
async function translated<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiException)) throw new DomainError('UNAVAILABLE', { part: 'Kubernetes API', cause: (error as Error).message }, { cause: error });
    const facts = { part: 'Kubernetes API', status: String(error.code), answer: answerOf(error) };
    const isPassing = error.code === 429 || error.code >= 500;
    throw new DomainError(isPassing ? 'UNAVAILABLE' : 'REPLAY_JOB_REFUSED', facts, { cause: error });
  }
}

function answerOf({ body }: ApiException<unknown>): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  try {
    return String((JSON.parse(text) as { message?: unknown }).message).slice(0, DETAIL_CHARS_MAX);
  } catch {
    return text.slice(0, DETAIL_CHARS_MAX);
  }
}
