// Events from one process to another, commit to handled: the outbox, Kafka and the inbox, against a loop of kafkajs alone
// on the same broker.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { applyTopics, EVENTS_MIGRATIONS } from '@stella/platform-events';
import { migrate, provisionService } from '@stella/platform-database';
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
const PARTITIONS = 6;
const MESSAGE_BYTES_MAX = 1_114_112;
const TOPICS = { stella: 'stella.bench.event.v1', bare: 'bench-bare' };
const part = (name) => fileURLToPath(new URL(`./parts/${name}.mjs`, import.meta.url));

await benchmark('events', async (runs) => {
  const { addresses, started } = await up(['kafka', 'postgres']);
  const pairs = [];
  const start = async (...words) => {
    const pair = await EventsPair.start(...words);
    pairs.push(pair);
    return pair;
  };
  try {
    const connection = { brokers: addresses.kafka.brokers, clientId: 'bench', topicPrefix: `b${randomBytes(6).toString('hex')}.` };
    await applyTopics(connection, Object.values(TOPICS).flatMap((name) => [name, `${name}.dlq`]).map(settings), createLogger({ name: 'bench', level: 'error' }));
    const databases = await databasesOf(addresses.postgres);
    const folder = temporaryFolder();
    const stella = await start(part('events-stella'), { connection, databases, topic: TOPICS.stella }, `${folder}/stella`);
    const bare = await start(part('events-bare'), { connection, topic: TOPICS.bare }, `${folder}/bare`);
    const latency = await alternate({ 'kafkajs alone': () => bare.pace(EVENTS_A_RUN, PACE_MS), stella: () => stella.pace(EVENTS_A_RUN, PACE_MS) }, runs);
    const flood = await alternate({ 'kafkajs alone': () => bare.flood(FLOOD, FLOOD_AT_ONCE), stella: () => stella.flood(FLOOD, FLOOD_AT_ONCE) }, runs);
    return {
      facts: { 'events a run, one after the other': EVENTS_A_RUN, 'events a run at once': FLOOD, 'written at a time': FLOOD_AT_ONCE, partitions: PARTITIONS },
      groups: [
        group(`commit to handled, an event each ${PACE_MS} ms`, latency, { ratios: [['stella', 'kafkajs alone']] }),
        group(`${FLOOD} events as fast as they go`, flood, { unit: 'events/s', ratios: [['stella', 'kafkajs alone']] }),
      ],
    };
  } finally {
    for (const pair of pairs) await pair.stop();
    await down(started);
  }
});

function settings(name) {
  return { name, partitions: PARTITIONS, retentionMs: 3_600_000, cleanupPolicy: 'delete', messageBytesMax: MESSAGE_BYTES_MAX };
}

/** Two services' own roles and schemas in the same server, durable as in production. */
async function databasesOf({ host, port, user, password, database }) {
  const administrator = { host, port, user, password, database };
  const services = ['bench-teller', 'bench-hearer'].map(async (name) => {
    const { connection } = await provisionService(administrator, name, randomBytes(12).toString('hex'));
    await migrate(connection, EVENTS_MIGRATIONS);
    return connection;
  });
  return Promise.all(services);
}
