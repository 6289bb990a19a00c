import type { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import { DomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { WorkerHost } from '../application/ports.js';
import type { Host } from '../domain/host.js';
import { limits } from '../limits.js';

/** Asks a worker, and takes its word for a while; those who ask at once ask once. */
export class AskedWorkerHost implements WorkerHost {
  #asked: { readonly atMs: number; readonly host: Promise<Host> } | undefined;

  constructor(
    private readonly worker: Pick<GrpcClient<typeof ReplayWorkerServiceService>, 'getCapabilities'>,
    private readonly nowMs: () => number,
  ) {}

  current(): Promise<Host> {
    const nowMs = this.nowMs();
    if (this.#asked && nowMs - this.#asked.atMs < limits.hostMaxAgeMs) return this.#asked.host;
    const host = this.#ask();
    this.#asked = { atMs: nowMs, host };
    host.catch(() => this.forget());
    return host;
  }

  forget(): void {
    this.#asked = undefined;
  }

  async #ask(): Promise<Host> {
    const { host } = await this.worker.getCapabilities({}, { deadlineMs: limits.peerTimeoutMs });
    if (!host) throw new DomainError('UNAVAILABLE', { service: 'replay-worker', missing: 'host' });
    return host;
  }
}
