import { STALE_MS, SWEEP_EVERY_MS } from '../limits.js';
import type { S3BlobStore, Swept } from './s3-blob-store.js';

export interface SweepOptions {
  readonly everyMs?: number;
  /** Default: a day. */
  readonly olderThanMs?: number;
  report(swept: Swept | undefined, error?: unknown): void;
}

/** Sweeps now and from time to time, with jitter, as long as the process lives; the answer ends it. Any number of processes may. */
export function keepSwept(store: Pick<S3BlobStore, 'sweep'>, { everyMs = SWEEP_EVERY_MS, olderThanMs = STALE_MS, report }: SweepOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const sweep = async (): Promise<void> => {
    await store.sweep(olderThanMs).then(
      (swept) => report(swept),
      (error: unknown) => report(undefined, error),
    );
    if (!isStopped) timer = setTimeout(() => void sweep(), everyMs * (0.75 + Math.random() / 2)).unref();
  };
  void sweep();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
