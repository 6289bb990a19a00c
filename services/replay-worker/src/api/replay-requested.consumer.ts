import { ReplayRequested } from '@stella/contracts/stella/frvf/v1alpha/events';
import { DomainError } from '@stella/errors';
import type { Event, EventHandler } from '@stella/platform-events';
import type { ReplayFacts, Replays } from '../application/ports.js';
import type { ReplayOrder } from '../domain/replay-order.js';
import type { ReplayReport } from '../domain/replay-report.js';

/** `replay-requested`: the runs are made outside of any transaction; the answer and the inbox entry are one. */
export function replayRequested(replays: Replays, facts: ReplayFacts): EventHandler<ReplayReport> {
  return {
    prepare: (event, signal) => replays.execute(orderOf(event), signal),
    commit: (event, tx, report) => facts.completed(tx, event.tenant, orderOf(event).replayId, report),
  };
}

function orderOf({ payload }: Event): ReplayOrder {
  const { setup, deadline, ...order } = ReplayRequested.decode(payload);
  if (!setup?.caps || !deadline) throw new DomainError('EVENT_INVALID', { attribute: 'data', missing: 'setup, its caps or the deadline' });
  const { clockEpochNs, clockTickNs, caps, ...rest } = setup;
  return {
    ...order,
    deadline,
    setup: {
      ...rest,
      clock: { epochNs: clockEpochNs, tickNs: clockTickNs },
      caps: {
        cpuMs: Number(caps.cpuMs),
        wallMs: Number(caps.wallMs),
        memoryBytes: Number(caps.memoryBytes),
        pids: caps.pids,
        diskBytes: Number(caps.diskBytes),
        outputBytes: Number(caps.outputBytes),
        openFiles: caps.openFiles,
      },
    },
  };
}
