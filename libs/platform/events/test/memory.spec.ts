import { MemoryEventBus, type Event } from '@stella/platform-events';
import { eventBusContract, FAST_RETRY } from '@stella/platform-events/testing';

eventBusContract({ test, expect }, async () => {
  const bus = new MemoryEventBus(FAST_RETRY);
  const [a, b] = [bus.attach({ name: 'a' }), bus.attach({ name: 'b' })];
  const delivered: Event[] = [];
  const deliver = bus.deliver.bind(bus);
  bus.deliver = (event) => {
    delivered.push(event);
    deliver(event);
  };
  return { a, b, tx: (work) => bus.tx(work), settle: (timeoutMs) => bus.settle(timeoutMs), replay: async () => delivered.forEach(deliver) };
});
