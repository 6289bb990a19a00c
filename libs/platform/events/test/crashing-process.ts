// Runs both services of the suite on its database and kills itself: after a random while, or whenever an event comes.
import { Database } from '@stella/platform-database';
import { InProcessBus } from '@stella/platform-events';
import { FAST_RETRY } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';

const [connection = '{}', mode] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');
const logger = createLogger({ name: 'crashing', level: 'silent' });
const metrics = new Metrics();
const bus = new InProcessBus({ logger });
const [a, b] = ['a', 'b'].map((name) => bus.attach({ name, logger, metrics, retry: FAST_RETRY, database: new Database({ connection: { ...JSON.parse(connection), user: `stella_${name}` }, name }) }));
b?.subscribe(
  { topic: 'stella.demo.thing-done.v1alpha' },
  {
    async commit(event, tx) {
      if (mode === 'deadly') die();
      await tx.execute('INSERT INTO effect (what) VALUES ($1)', [`${event.key}:${Buffer.from(event.payload).toString()}`]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  },
);
await b?.start();
await a?.start();
if (mode === 'midway') setTimeout(die, 100 + Math.random() * 100);
setTimeout(() => process.exit(3), 20_000);
