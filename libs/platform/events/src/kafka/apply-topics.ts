import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@stella/platform-telemetry';
import kafkajs, { type Admin, type DescribeConfigResponse } from 'kafkajs';
import { createKafka } from './client.js';
import type { KafkaConnection } from './connection.js';
import { brokerError } from './failure.js';
import type { TopicSettings } from './topics.js';

/** As many as a broker's default says. */
const BROKERS_DEFAULT = -1;
const REPLICAS_FOR_TWO_IN_SYNC = 3;
const LEADERS_TIMEOUT_MS = 30_000;
const LEADERS_POLL_MS = 100;

export interface ApplyTopicsOptions {
  /** Default: the brokers' `default.replication.factor`. With 3 or more, two replicas must have what is acknowledged. */
  readonly replicationFactor?: number;
  /** Only looks. */
  readonly check?: boolean;
}

/** A setting that is not as the file says. */
export interface TopicDrift {
  readonly topic: string;
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
}

/** Topics by the brokers' names. */
export interface TopicsReport {
  /** With `check`: what is missing. */
  readonly created: readonly string[];
  readonly unchanged: readonly string[];
  readonly drift: readonly TopicDrift[];
}

/**
 * Creates the topics that are missing. What is there is compared and left as it is: partitions, retention and sizes of
 * topics with events in them are changed by people. Nothing is ever deleted. Safe to repeat, and to run twice at once.
 * @throws DomainError CONFIG_INVALID, EVENT_BROKER_UNAVAILABLE, EVENT_BROKER_DENIED.
 */
export async function applyTopics(connection: KafkaConnection, topics: readonly TopicSettings[], logger: Logger, options: ApplyTopicsOptions = {}): Promise<TopicsReport> {
  const admin = createKafka(connection, logger).admin();
  const wanted = topics.map((topic) => ({ ...topic, name: `${connection.topicPrefix ?? ''}${topic.name}` }));
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ name }) => !existing.has(name));
    if (missing.length > 0 && options.check !== true) {
      await create(admin, missing, options.replicationFactor);
      await untilLed(admin, missing.map(({ name }) => name));
    }
    const present = wanted.filter(({ name }) => existing.has(name));
    const drift = await driftOf(admin, present);
    const drifted = new Set(drift.map(({ topic }) => topic));
    return { created: missing.map(({ name }) => name), unchanged: present.map(({ name }) => name).filter((name) => !drifted.has(name)), drift };
  } catch (error) {
    throw brokerError(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function create(admin: Admin, topics: readonly TopicSettings[], replicationFactor = BROKERS_DEFAULT): Promise<void> {
  const inSync = replicationFactor >= REPLICAS_FOR_TWO_IN_SYNC ? [{ name: 'min.insync.replicas', value: '2' }] : [];
  await admin.createTopics({
    // kafkajs gives up where a broker has not yet heard of a topic from the controller.
    waitForLeaders: false,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor,
      configEntries: [...Object.entries(configOf(topic)).map(([name, value]) => ({ name, value })), ...inSync],
    })),
  });
}

/** Created is not yet there: the brokers hear of it from the controller. */
async function untilLed(admin: Admin, topics: readonly string[]): Promise<void> {
  for (const deadlineMs = Date.now() + LEADERS_TIMEOUT_MS; ; await delay(LEADERS_POLL_MS)) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
      if (found.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      continue;
    }
    if (Date.now() > deadlineMs) throw new Error('topics were created and have no leaders');
  }
}

function configOf({ retentionMs, cleanupPolicy, messageBytesMax }: TopicSettings): Record<string, string> {
  return {
    'retention.ms': String(retentionMs),
    'cleanup.policy': cleanupPolicy,
    'max.message.bytes': String(messageBytesMax),
    // The retention counts from the arrival, whatever a producer's clock says.
    'message.timestamp.type': 'LogAppendTime',
  };
}

async function driftOf(admin: Admin, topics: readonly TopicSettings[]): Promise<TopicDrift[]> {
  if (topics.length === 0) return [];
  const names = topics.map(({ name }) => name);
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })) });
  return topics.flatMap((topic) => {
    const found: Record<string, string> = {
      partitions: String(metadata.find(({ name }) => name === topic.name)?.partitions.length),
      ...configFound(resources, topic.name),
    };
    return Object.entries({ partitions: String(topic.partitions), ...configOf(topic) })
      .filter(([setting, value]) => found[setting] !== value)
      .map(([setting, value]) => ({ topic: topic.name, setting, wanted: value, found: found[setting] ?? 'unknown' }));
  });
}

function configFound(resources: DescribeConfigResponse['resources'], topic: string): Record<string, string> {
  const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}
