import type { Capabilities, HostDescription } from '../../application/describe-host.js';
import { JOB_HOST_TTL_MS, JOB_PROBE_TIMEOUT_MS } from '../../limits.js';
import { DomainError } from '@stella/errors';
import type { JobReplays } from './job-replays.js';

/** What the Jobs' nodes give a capsule, told by one of them: asked once, and again when that is old. */
export class JobHost implements HostDescription {
  #known: { readonly capabilities: Promise<Capabilities>; readonly until: number } | undefined;

  constructor(
    private readonly replays: Pick<JobReplays, 'describe'>,
    private readonly clock: () => Date,
  ) {}

  async execute(): Promise<Capabilities> {
    const now = this.clock().getTime();
    if (this.#known === undefined || this.#known.until <= now) this.#known = { capabilities: this.#ask(), until: now + JOB_HOST_TTL_MS };
    const asked = this.#known;
    try {
      return await asked.capabilities;
    } catch (error) {
      if (this.#known === asked) this.#known = undefined;
      throw error;
    }
  }

  async #ask(): Promise<Capabilities> {
    const { capabilities } = await this.replays.describe(AbortSignal.timeout(JOB_PROBE_TIMEOUT_MS)).catch((error: unknown) => {
      throw error instanceof DomainError ? error : new DomainError('UNAVAILABLE', { part: 'replay jobs', cause: (error as Error).message }, { cause: error });
    });
    return capabilities;
  }
}
