import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '@stella/platform-events';
import { durableBusContract, eventBusContract, TOPIC } from '@stella/platform-events/testing';
import { REBALANCE_TIMEOUT_MS } from '../../libs/platform/events/src/kafka/limits.js';
import { cutConnections, runUntilKilled } from '../../libs/platform/events/test/durable-support.js';
import { DemoServices } from './support/demo-services.js';
import { type TestKafka, useKafka } from './support/kafka.js';

const CRASHING_PROCESS = join(import.meta.dirname, '../../libs/platform/events/test/crashing-process.ts');
let kafka: TestKafka;
let services: DemoServices;
let connection: KafkaConnection;

beforeAll(async () => {
  kafka = await useKafka();
  services = await DemoServices.create();
}, 600_000);
beforeEach(async () => {
  connection = await kafka.space([TOPIC, 'stella.demo.thing-undone.v1alpha']);
}, 60_000);
afterEach(() => services.clear(), 60_000);
afterAll(() => services?.stop(), 60_000);
afterAll(() => kafka?.clear(), 60_000);
// A stop does not wait for a join that the broker has not answered, which kafkajs cannot take back: it ends with the rebalance,
// and until then what it still loads has to be there.
afterAll(() => delay(REBALANCE_TIMEOUT_MS), 60_000);

eventBusContract({ test, expect }, async () => ({
  ...services.process({ connection }),
  tx: (work) => services.a.tx(work),
  replay: async () => void (await services.a.execute(`WITH again AS (UPDATE outbox SET relayed_at = NULL) SELECT pg_notify('stella_events_a', '')`)),
}));

durableBusContract({ test, expect }, {
  databases: () => services,
  process: (retry) => services.process({ connection, ...(retry === undefined ? {} : { retry }) }),
  cutConnections: () => cutConnections(services.server.administrator),
  crash: (mode) => runUntilKilled(CRASHING_PROCESS, [JSON.stringify(services.server.administrator), mode, JSON.stringify(connection)]),
});
