import type { Kafka, Message, ProducerConfig } from 'kafkajs';
import type { OutgoingEvent } from '../../src/outbox.js';
import { KafkaSender } from '../../src/kafka/sender.js';

const [ONE, TWO] = ['stella.demo.one.v1', 'stella.demo.two.v1'] as const;
let serial = 0;
const eventOf = (topic: string, text: string, bytes = 0): OutgoingEvent => ({
  id: `00000000-0000-4000-8000-${String(++serial).padStart(12, '0')}`, source: '/stella/a', topic, tenant: 'acme', key: 'k', time: new Date(0), traceparent: undefined, payload: Buffer.concat([Buffer.from(text), Buffer.alloc(bytes)]),
});
const protocolError = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });

/** Producers that note what they are asked, and answer as `answer` says; partition 0 is acknowledged unless it says otherwise. */
function fakeKafka(answer: (topic: string, texts: string[], producer: number) => Promise<number[]> = async () => [0]) {
  const log: string[] = [];
  const configs: ProducerConfig[] = [];
  const kafka = {
    producer(config: ProducerConfig) {
      const number = configs.push(config);
      const partition = config.createPartitioner?.() ?? (() => 0);
      return {
        connect: async () => void log.push(`connect ${number}`),
        disconnect: async () => void log.push(`disconnect ${number}`),
        async send({ topic, acks, messages }: { topic: string; acks: number; messages: Message[] }) {
          const texts = messages.map(({ value }) => String(value).replaceAll('\0', ''));
          for (const message of messages) partition({ topic, message, partitionMetadata: [{ partitionId: 0, leader: 1 }] } as never);
          log.push(`${number} ${topic.split('.').at(-2)} ${acks} ${texts.join('')}`);
          return (await answer(topic, texts, number)).map((each) => ({ topicName: topic, partition: each, errorCode: 0 }));
        },
      };
    },
  } as unknown as Kafka;
  return { kafka, log, configs };
}
const named = (failures: Awaited<ReturnType<KafkaSender['publish']>>) => failures.map(({ event, error, isFinal }) => [event.payload.toString().replaceAll('\0', ''), error.reason, isFinal]);

test('a producer a topic, idempotent, of one request at a time, acknowledged by all replicas', async () => {
  const { kafka, log, configs } = fakeKafka();
  const sender = new KafkaSender(kafka, 'acme.');
  expect(await sender.publish([eventOf(ONE, 'a'), eventOf(TWO, 'b'), eventOf(ONE, 'c')])).toEqual([]);
  expect(await sender.publish([eventOf(ONE, 'd')])).toEqual([]);
  await sender.close();
  expect(log).toEqual(['connect 1', 'connect 2', '1 one -1 ac', '2 two -1 b', '1 one -1 d', 'disconnect 1', 'disconnect 2']);
  expect(configs[0]).toMatchObject({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
});

test('requests have a size, which one event may exceed', async () => {
  const { kafka, log } = fakeKafka();
  await new KafkaSender(kafka, '').publish(['a', 'b', 'c', 'd'].map((text, index) => eventOf(ONE, text, index === 2 ? 1_000_000 : 300_000)));
  expect(log.slice(1)).toEqual(['1 one -1 a', '1 one -1 b', '1 one -1 c', '1 one -1 d']);
});

test('a topic that fails keeps what comes after, not the other topic; its producer is not used again', async () => {
  let isDown = true;
  const { kafka, log } = fakeKafka(async (topic) => {
    if (isDown && topic.includes('one')) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return [0];
  });
  const sender = new KafkaSender(kafka, '');
  const failures = await sender.publish([eventOf(ONE, 'a', 300_000), eventOf(ONE, 'b', 300_000), eventOf(TWO, 'c')]);
  expect(named(failures)).toEqual([['a', 'EVENT_TOPIC_UNKNOWN', false], ['b', 'EVENT_TOPIC_UNKNOWN', false]]);
  isDown = false;
  expect(await sender.publish([eventOf(ONE, 'a'), eventOf(TWO, 'd')])).toEqual([]);
  expect(log.filter((line) => /-1/.test(line))).toEqual(['1 one -1 a', '2 two -1 c', '2 two -1 d', '3 one -1 a']);
});

test('an event that the broker refuses is found by sending each alone, always with a new producer after a failure', async () => {
  const { kafka, log } = fakeKafka(async (_topic, texts) => {
    if (texts.includes('bad')) throw Object.assign(new Error('wrapped'), { name: 'KafkaJSNonRetriableError', cause: protocolError('MESSAGE_TOO_LARGE') });
    return [0];
  });
  const failures = await new KafkaSender(kafka, '').publish(['a', 'bad', 'c'].map((text) => eventOf(ONE, text)));
  expect(named(failures)).toEqual([['bad', 'EVENT_REFUSED', true]]);
  expect(log.filter((line) => /-1/.test(line))).toEqual(['1 one -1 abadc', '2 one -1 a', '2 one -1 bad', '3 one -1 c']);
});

test('a partition that is not acknowledged makes the whole request a failure', async () => {
  const { kafka } = fakeKafka(async () => []);
  expect(named(await new KafkaSender(kafka, '').publish([eventOf(ONE, 'a')]))).toEqual([['a', 'EVENT_BROKER_UNAVAILABLE', false]]);
});

test.each([
  ['TOPIC_AUTHORIZATION_FAILED', 'EVENT_BROKER_DENIED'],
  ['NOT_ENOUGH_REPLICAS', 'EVENT_BROKER_UNAVAILABLE'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'EVENT_BROKER_UNAVAILABLE'],
  ['INVALID_TIMESTAMP', 'EVENT_BROKER_UNAVAILABLE'],
])('%s is %s', async (type, reason) => {
  const { kafka } = fakeKafka(() => Promise.reject(protocolError(type)));
  expect(await new KafkaSender(kafka, '').publish([eventOf(ONE, 'a')])).toMatchObject([{ isFinal: false, error: { reason, facts: { topic: ONE, broker: expect.stringContaining(type) } } }]);
});
