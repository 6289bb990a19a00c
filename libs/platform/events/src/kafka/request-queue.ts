import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2.4 looks for pending requests of each connection a thousand times a second once it has had an answer, for a
 * negative timeout counts as 1 ms: 1 % of a core for each idle connection, and a warning of Node. There is nothing to look
 * for while nothing is pending; a request that comes to wait asks for the look itself.
 */
export function quietRequestQueue(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  if (schedule.name === 'scheduleWhenPending') return;
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
