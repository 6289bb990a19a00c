// kafkajs and nothing else: a producer that waits for all replicas, a consumer of each message. argv: tell or hear, and
// where everything is (JSON).
import { createRequire } from 'node:module';
import { Hearing, serve, tellEach } from './events-roles.mjs';

const { Kafka, Partitioners, logLevel } = createRequire(import.meta.url)('kafkajs');
const [role, words] = [process.argv[2], JSON.parse(process.argv[3])];
const topic = `${words.connection.topicPrefix}${words.topic}`;
const kafka = new Kafka({ clientId: 'bare', brokers: words.connection.brokers, logLevel: logLevel.ERROR });
const hearing = new Hearing();
const consumer = kafka.consumer({ groupId: `${topic}.group`, maxWaitTimeInMs: 1_000 });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner });
if (role === 'hear') {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ eachMessage: async ({ message }) => hearing.note(message.value) });
  await joined;
} else {
  await producer.connect();
}

await serve(role === 'hear' ? (request) => hearing.of(request) : tell, () => (role === 'hear' ? consumer : producer).disconnect());

function tell(request) {
  return tellEach(request, (drafts) => producer.send({ topic, messages: drafts.map(({ key, payload }) => ({ key, value: payload })) }), { isToldBefore: true });
}
