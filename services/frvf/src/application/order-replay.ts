import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { Replay, ReplayPurpose } from '../domain/replay.js';
import { limits } from '../limits.js';
import type { Lock, ReplayFacts, ReplayOrderDetails, ReplayRepository } from './ports.js';

export interface ReplayWish {
  readonly tenant: string;
  readonly purpose: ReplayPurpose;
  readonly subjectId: string;
  readonly runs: number;
  readonly details: ReplayOrderDetails;
}

/** Asks the workers for a replay, within the tenant's share. */
export class OrderReplay {
  constructor(
    private readonly replays: ReplayRepository,
    private readonly facts: ReplayFacts,
    private readonly lock: Lock,
    private readonly newId: () => string,
    private readonly clock: () => Date,
    private readonly runningMax: number = limits.replaysRunningMax,
  ) {}

  /** @returns the replay's id @throws DomainError REPLAY_QUOTA_SPENT */
  async execute(tx: Tx, wish: ReplayWish): Promise<string> {
    const id = await this.executeIfRoom(tx, wish);
    if (id !== undefined) return id;
    this.facts.quotaSpent(wish.tenant);
    throw new DomainError('REPLAY_QUOTA_SPENT', { runningMax: String(this.runningMax) });
  }

  /** As `execute`, but nothing where the share is spent. */
  async executeIfRoom(tx: Tx, { details, ...wish }: ReplayWish): Promise<string | undefined> {
    await this.lock(tx, `replays of ${wish.tenant}`);
    if ((await this.replays.countRunning(tx, wish.tenant)) >= this.runningMax) return undefined;
    const createTime = this.clock();
    const replay: Replay = { ...wish, id: this.newId(), createTime, deadline: new Date(createTime.getTime() + patienceMs(wish.runs, details)) };
    await this.replays.insert(tx, replay);
    await this.facts.replayRequested(tx, replay, details);
    return replay.id;
  }
}

/** As if every run took all that it may, one after the other. */
function patienceMs(runs: number, { draft }: ReplayOrderDetails): number {
  return limits.queueMs + Math.min(runs * (draft.caps.wallMs + limits.runOverheadMs), limits.replayMsMax);
}
