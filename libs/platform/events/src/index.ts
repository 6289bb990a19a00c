export type { Event, EventDraft, EventHandler, ServiceEvents, Subscription } from './event-bus.js';
