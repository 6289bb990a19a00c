// Runs both services of the suite on its database and kills itself: after a random while, or whenever an event comes.
// argv: the administrator's connection, the mode, and for Kafka how it is reached.
import { Database } from '@stella/platform-database';
import { type EventBus, InProcessBus, KafkaBus } from '@stella/platform-events';
import { FAST_RETRY, recordEffect, TOPIC } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';

const [administrator = '{}', mode, kafka] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');
const logger = createLogger({ name: 'crashing', level: 'silent' });
const metrics = new Metrics();
const bus: EventBus = kafka === undefined ? new InProcessBus({ logger }) : new KafkaBus({ connection: JSON.parse(kafka), logger });
const [a, b] = ['a', 'b'].map((name) => bus.attach({ name, logger, metrics, retry: FAST_RETRY, database: new Database({ connection: { ...JSON.parse(administrator), user: `stella_${name}` }, name }) }));
let handled = 0;
b?.subscribe(
  { topic: TOPIC },
  {
    async commit(event, tx) {
      if (mode === 'deadly') die();
      // Counted from the first event on: a carrier may take its time until it delivers any.
      if (handled++ === 0 && mode === 'midway') setTimeout(die, Math.random() * 100);
      await recordEffect(event, tx);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  },
);
await b?.start();
await a?.start();
setTimeout(() => process.exit(3), 60_000);
