export { type DurableHarness, type DurableProcess, durableBusContract, demoDraft, EFFECTS, effectsIn, recordEffect, TOPIC } from './durable-bus-contract.js';
export { eventBusContract, type EventBusHarness, FAST_RETRY, type Runner } from './event-bus-contract.js';
