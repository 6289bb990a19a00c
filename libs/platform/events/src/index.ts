export type { AttachedEvents, EventBus, EventParticipant, EventsHealth } from './attached-events.js';
export { fromHeaders, toHeaders } from './cloud-event.js';
export type { Event, EventDraft, EventHandler, ServiceEvents, Subscription } from './event-bus.js';
export { InProcessBus } from './in-process-bus.js';
export type { DeadLetter } from './inbox.js';
export { RETRY, type RetryPolicy } from './limits.js';
export { MemoryEventBus } from './memory-event-bus.js';
export { EVENTS_MIGRATIONS } from './migrations.js';
