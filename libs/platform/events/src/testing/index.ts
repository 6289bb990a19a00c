export { eventBusContract, type EventBusHarness, FAST_RETRY, type Runner } from './event-bus-contract.js';
