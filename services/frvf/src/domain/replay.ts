import type { Failure } from './failure.js';
import type { Host } from './host.js';

/** What a replay is for: a new witness, an asked-for result, or a look whether a result still holds. */
export type ReplayPurpose = 'recording' | 'verification' | 'reexecution';

/** N runs that a worker was asked for. */
export interface Replay {
  readonly tenant: string;
  readonly id: string;
  readonly purpose: ReplayPurpose;
  /** The recording's or the verification's id. */
  readonly subjectId: string;
  readonly runs: number;
  readonly deadline: Date;
  readonly createTime: Date;
}

/** What a worker answered. */
export interface ReplayAnswer {
  readonly outcomesSha256: string;
  /** Why there are no runs at all. */
  readonly failure: Failure | undefined;
  readonly host: Host | undefined;
}
