import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { applyTopics, readTopics, runTopicsCommand, type TopicSettings } from '@stella/platform-events';
import { createLogger } from '@stella/platform-telemetry';
import kafkajs from 'kafkajs';
import { type TestKafka, useKafka } from './support/kafka.js';

const FILE = join(import.meta.dirname, '../../deploy/kafka/topics.json');
const logger = createLogger({ name: 'test', level: 'silent' });
const demo = (name: string): TopicSettings => ({ name, partitions: 2, retentionMs: 3_600_000, cleanupPolicy: 'delete', messageBytesMax: 50_000 });
let kafka: TestKafka;
let connection: { brokers: readonly string[]; clientId: string; topicPrefix: string };

beforeAll(async () => {
  kafka = await useKafka();
}, 600_000);
beforeEach(() => {
  connection = { brokers: kafka.brokers, clientId: 'test', topicPrefix: `t${randomBytes(6).toString('hex')}.` };
});
afterEach(async () => {
  const admin = await connected();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(connection.topicPrefix)) });
  await admin.disconnect();
}, 60_000);

async function connected() {
  const admin = kafka.bare.admin();
  await admin.connect();
  return admin;
}

/** The command on this test's topics: its exit code, and what it said. */
async function command(...more: string[]) {
  const lines: string[] = [];
  const code = await runTopicsCommand(['--file', FILE, '--brokers', kafka.brokers.join(), '--prefix', connection.topicPrefix, ...more], { out: (line) => lines.push(line), err: (line) => lines.push(line) });
  return { code, lines };
}

/** Settings of a topic as the brokers have them. */
async function settingsOf(name: string | undefined): Promise<Record<string, string>> {
  const admin = await connected();
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${connection.topicPrefix}${name}` }] });
  await admin.disconnect();
  return Object.fromEntries(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? []);
}

test('deploy/kafka/topics.json, by the command: all created, then nothing to do, and a check that agrees', async () => {
  const topics = await readTopics(FILE);
  const run = async (...more: string[]) => {
    const { code, lines } = await command(...more);
    return [code, lines.at(-1)];
  };
  expect(await run('--check')).toEqual([1, `${topics.length} missing, 0 different and left as they are, 0 as they should be`]);
  expect(await run()).toEqual([0, `${topics.length} created, 0 different and left as they are, 0 as they should be`]);
  expect(await run()).toEqual([0, `0 created, 0 different and left as they are, ${topics.length} as they should be`]);
  expect(await run('--check')).toEqual([0, `0 missing, 0 different and left as they are, ${topics.length} as they should be`]);
  expect(await settingsOf(topics[0]?.name)).toMatchObject({
    'retention.ms': String(topics[0]?.retentionMs),
    'max.message.bytes': String(topics[0]?.messageBytesMax),
    'message.timestamp.type': 'LogAppendTime',
  });
});

test('--retention and --dead-letter-retention stand in place of the file’s for topics that are made, and tell of those that are there', async () => {
  expect((await command('--retention', '3d', '--dead-letter-retention', '960h')).code).toBe(0);
  const [event] = await readTopics(FILE);
  const retentionOf = async (name: string) => (await settingsOf(name))['retention.ms'];
  const days = (count: number) => String(count * 86_400_000);
  expect([await retentionOf(event?.name ?? ''), await retentionOf(`${event?.name}.dlq`)]).toEqual([days(3), days(40)]);
  const { code, lines } = await command('--retention', '4d', '--dead-letter-retention', '960h', '--check');
  expect([code, lines.filter((line) => line.includes('retention.ms') && line.includes(days(4)) && line.includes(days(3))).length]).toEqual([1, (await readTopics(FILE)).length / 2]);
  expect(await retentionOf(event?.name ?? '')).toBe(days(3));
});

test('what differs is told and left, what is not in the file is left, what is missing is created', async () => {
  await applyTopics(connection, [demo('one'), demo('two'), demo('three')], logger);
  const report = await applyTopics(connection, [{ ...demo('one'), partitions: 3, retentionMs: 7_200_000 }, demo('two'), demo('four')], logger);
  const { topicPrefix } = connection;
  expect(report).toEqual({
    created: [`${topicPrefix}four`],
    unchanged: [`${topicPrefix}two`],
    drift: [
      { topic: `${topicPrefix}one`, setting: 'partitions', wanted: '3', found: '2' },
      { topic: `${topicPrefix}one`, setting: 'retention.ms', wanted: '7200000', found: '3600000' },
    ],
  });
  const admin = await connected();
  expect((await admin.listTopics()).filter((name) => name.startsWith(topicPrefix)).sort()).toEqual(['four', 'one', 'three', 'two'].map((name) => `${topicPrefix}${name}`));
  expect((await admin.fetchTopicMetadata({ topics: [`${topicPrefix}one`] })).topics[0]?.partitions).toHaveLength(2);
  await admin.disconnect();
});

test('two at once do no harm', async () => {
  const topics = Array.from({ length: 5 }, (_, n) => demo(`topic-${n}`));
  const reports = await Promise.all([applyTopics(connection, topics, logger), applyTopics(connection, topics, logger)]);
  for (const { drift } of reports) expect(drift).toEqual([]);
  expect(await applyTopics(connection, topics, logger, { check: true })).toMatchObject({ created: [], unchanged: { length: 5 } });
});

test('more replicas than brokers is refused with the broker’s words', async () => {
  await expect(applyTopics(connection, [demo('one')], logger, { replicationFactor: 3 })).rejects.toMatchObject({ reason: 'CONFIG_INVALID', facts: { problems: expect.stringContaining('INVALID_REPLICATION_FACTOR') } });
});
