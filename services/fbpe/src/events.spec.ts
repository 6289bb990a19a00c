import type { ServiceEvents } from '@stella/platform-events';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import type { Peering } from './domain/peering.js';
import { FederationEvents } from './events.js';

test('the nodes that take part are those of others that answered when they were last asked', async () => {
  const metrics = new Metrics();
  const facts = new FederationEvents('acme.example/stella/log', {} as ServiceEvents, createLogger({ name: 'test', level: 'silent' }), metrics);
  const peer = (origin: string, sameOperator = false) => ({ origin, sameOperator, id: origin }) as Peering;
  const participating = async () => Number(/^fbpe_participating_nodes (\d+)$/m.exec(await metrics.text())?.[1]);
  const report = {} as Parameters<FederationEvents['pulled']>[1];
  expect(await participating()).toBe(0);
  for (const origin of ['bob', 'carol', 'bob']) facts.pulled(peer(origin), report);
  facts.pulled(peer('own', true), report);
  expect(await participating()).toBe(2);
  facts.pullFailed(peer('bob'), new Error('silent'));
  facts.frozen(peer('carol'), { reason: 'FORK', provable: true, facts: {} } as unknown as Parameters<FederationEvents['frozen']>[1]);
  expect(await participating()).toBe(0);
});
