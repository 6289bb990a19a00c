// Events from one process to another, commit to handled: the outbox, Kafka and the inbox, against a loop of kafkajs alone
// on the same broker.
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applyTopics, EVENTS_MIGRATIONS } from '@stella/platform-events';
import { EmbeddedPostgres, migrate, provisionService } from '@stella/platform-database';
import { createLogger } from '@stella/platform-telemetry';
import { down, up } from '../servers/index.mjs';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { EventsPair } from './lib/events-pair.mjs';
import { group } from './lib/group.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const EVENTS_A_RUN = 40;
const PACE_MS = 25;
const FLOOD = 500;
const FLOOD_AT_ONCE = 10;
const FLOOD_LANES = 5;
const PARTITIONS = 6;
const MESSAGE_BYTES_MAX = 1_114_112;
const TOPICS = { stella: 'stella.bench.event.v1', bare: 'bench-bare' };
const part = (name) => fileURLToPath(new URL(`./parts/${name}.mjs`, import.meta.url));

await benchmark('events', async (runs) => {
  const { addresses, started } = await up(['kafka']);
  const folder = temporaryFolder();
  // The database's account passes through it.
  chmodSync(folder, 0o711);
  const opened = [];
  const open = async (opening) => {
    const thing = await opening;
    opened.push(thing);
    return thing;
  };
  try {
    const connection = { brokers: addresses.kafka.brokers, clientId: 'bench', topicPrefix: `b${randomBytes(6).toString('hex')}.` };
    await applyTopics(connection, Object.values(TOPICS).flatMap((name) => [name, `${name}.dlq`]).map(settings), createLogger({ name: 'bench', level: 'error' }));
    const databases = await databasesOf(await open(EmbeddedPostgres.start({ dataFolder: `${folder}/data`, socketFolder: `${folder}/run` })));
    const stella = await open(EventsPair.start(part('events-stella'), { connection, databases, topic: TOPICS.stella }, `${folder}/stella`));
    const bare = await open(EventsPair.start(part('events-bare'), { connection, topic: TOPICS.bare }, `${folder}/bare`));
    const latency = await alternate({ 'kafkajs alone': () => bare.pace(EVENTS_A_RUN, PACE_MS), stella: () => stella.pace(EVENTS_A_RUN, PACE_MS) }, runs);
    const flood = await alternate({ 'kafkajs alone': () => bare.flood(FLOOD, FLOOD_AT_ONCE, FLOOD_LANES), stella: () => stella.flood(FLOOD, FLOOD_AT_ONCE, FLOOD_LANES) }, runs);
    return {
      facts: { database: 'one PostgreSQL for both services, flushed to disk', 'events a run, one after the other': EVENTS_A_RUN, 'events a run at once': FLOOD, 'written at a time': `${FLOOD_AT_ONCE}, in ${FLOOD_LANES} lanes`, partitions: PARTITIONS },
      groups: [
        group(`commit to handled, an event each ${PACE_MS} ms`, latency, { ratios: [['stella', 'kafkajs alone']] }),
        group(`${FLOOD} events as fast as they go`, flood, { unit: 'events/s', ratios: [['stella', 'kafkajs alone']] }),
      ],
    };
  } finally {
    for (const thing of opened.reverse()) await thing.stop();
    await down(started);
  }
});

function settings(name) {
  return { name, partitions: PARTITIONS, retentionMs: 3_600_000, cleanupPolicy: 'delete', messageBytesMax: MESSAGE_BYTES_MAX };
}

/** Two services' own roles and schemas in the same server. */
async function databasesOf(server) {
  const administrator = await server.createDatabase('stella');
  const services = ['bench-teller', 'bench-hearer'].map(async (name) => {
    const { connection } = await provisionService(administrator, name);
    await migrate(connection, EVENTS_MIGRATIONS);
    return connection;
  });
  return Promise.all(services);
}
