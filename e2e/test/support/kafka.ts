import { randomBytes } from 'node:crypto';
import { applyTopics, type KafkaConnection, type TopicSettings } from '@stella/platform-events';
import { createLogger } from '@stella/platform-telemetry';
import kafkajs, { type Kafka } from 'kafkajs';
import { down, killServer, useServers } from '../../servers/index.mjs';

const DAY_MS = 86_400_000;
const MESSAGE_BYTES_MAX = 1_114_112;

/** The broker of the tests. */
export interface TestKafka {
  readonly brokers: readonly string[];
  /** A client without anything of ours. */
  readonly bare: Kafka;
  /** A part of the broker that nobody else uses: its topics and groups begin with a text of their own. */
  space(topics: readonly string[], settings?: Partial<TopicSettings>): Promise<KafkaConnection & { readonly topicPrefix: string }>;
  /** `kill -9`; the data stays. */
  kill(): Promise<void>;
  /** A stop as an operator makes it. */
  stop(): Promise<void>;
  /** Where it was before, with what it had. */
  start(): Promise<void>;
  /** Deletes the topics of all spaces: each costs the broker's next start some time. */
  clear(): Promise<void>;
}

export async function useKafka(): Promise<TestKafka> {
  const { brokers } = (await useServers(['kafka'])).kafka;
  const made: string[] = [];
  const bare = new kafkajs.Kafka({ clientId: 'bare', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  return {
    brokers,
    bare,
    async space(topics, settings = {}) {
      const connection = { brokers, clientId: 'test', topicPrefix: `t${randomBytes(6).toString('hex')}.` };
      const all = topics.flatMap((name) => [name, `${name}.dlq`]).map((name) => ({ name, partitions: 3, retentionMs: DAY_MS, cleanupPolicy: 'delete', messageBytesMax: MESSAGE_BYTES_MAX, ...settings }));
      made.push(...all.map(({ name }) => `${connection.topicPrefix}${name}`));
      await applyTopics(connection, all, createLogger({ name: 'test', level: 'silent' }));
      return connection;
    },
    kill: () => killServer('kafka'),
    stop: async () => void (await down(['kafka'])),
    start: async () => void (await useServers(['kafka'])),
    async clear() {
      const admin = bare.admin();
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      await admin.deleteTopics({ topics: made.splice(0).filter((topic) => existing.has(topic)) });
      await admin.disconnect();
    },
  };
}
