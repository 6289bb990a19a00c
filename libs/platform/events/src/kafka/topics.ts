import { readFile } from 'node:fs/promises';
import { DomainError } from '@stella/errors';
import { deadLetterTopic } from '../dead-letter.js';

const TOPICS_MAX = 1_000;
const NAME = /^[a-z0-9][a-z0-9.-]{0,203}$/;
const RETENTION = /^([1-9]\d{0,3})([hd])$/;
const RETENTION_MS = { h: 3_600_000, d: 86_400_000 } as const;
const PARTITIONS_MAX = 1_000;
const DEAD_LETTER_SUFFIX = deadLetterTopic('');
const CLEANUP_POLICIES = ['delete', 'compact', 'compact,delete'];

/** A topic as code. */
export interface TopicSettings {
  /** Without the installation's prefix. */
  readonly name: string;
  /** Fixed for good: with more of them a key would change its partition, and lose its order. */
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanupPolicy: string;
  /** Of a batch, thus of the largest message with its key and headers. */
  readonly messageBytesMax: number;
}

/** The file `deploy/kafka/topics.json`, or one like it. @throws DomainError CONFIG_INVALID with every problem at once. */
export async function readTopics(path: string): Promise<TopicSettings[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new DomainError('CONFIG_INVALID', { problems: `${path}: ${(cause as Error).message}` }, { cause });
  }
  const { topics } = (content ?? {}) as { topics?: unknown };
  const problems: string[] = [];
  if (!Array.isArray(topics) || topics.length === 0 || topics.length > TOPICS_MAX) problems.push(`"topics" is a list of 1 to ${TOPICS_MAX}`);
  const read = (Array.isArray(topics) ? topics.slice(0, TOPICS_MAX) : []).map((topic, index) => readTopic(topic ?? {}, index, problems));
  const names = read.map(({ name }) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) problems.push(`${name}: named twice`);
  if (problems.length > 0) throw new DomainError('CONFIG_INVALID', { problems: problems.map((problem) => `${path}: ${problem}`).join('; ') });
  return read;
}

/** Milliseconds of `12h` or `7d`; undefined for anything else. */
export function retentionOf(text: string): number | undefined {
  const [, amount, unit] = RETENTION.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * RETENTION_MS[unit as keyof typeof RETENTION_MS];
}

/** The topics with other retentions than their file has, where they are given. */
export function withRetention(topics: readonly TopicSettings[], { events, deadLetters }: { readonly events?: number | undefined; readonly deadLetters?: number | undefined }): TopicSettings[] {
  return topics.map((topic) => ({ ...topic, retentionMs: (topic.name.endsWith(DEAD_LETTER_SUFFIX) ? deadLetters : events) ?? topic.retentionMs }));
}

function readTopic(topic: Record<string, unknown>, index: number, problems: string[]): TopicSettings {
  const { name, partitions, retention, cleanupPolicy, messageBytesMax, ...unknown } = topic;
  const where = typeof name === 'string' && NAME.test(name) ? name : `topic ${index + 1}`;
  const need = (isGood: boolean, what: string) => isGood || problems.push(`${where}: ${what}`);
  const isWithin = (value: unknown, max: number) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= max;
  const retentionMs = retentionOf(String(retention));
  need(where === name, 'name is letters, digits, dots and dashes');
  need(isWithin(partitions, PARTITIONS_MAX), `partitions is 1 to ${PARTITIONS_MAX}`);
  need(retentionMs !== undefined, 'retention is hours or days: 12h, 7d');
  need(CLEANUP_POLICIES.includes(String(cleanupPolicy)), `cleanupPolicy is one of ${CLEANUP_POLICIES.join(' ')}`);
  need(isWithin(messageBytesMax, 1 << 30), 'messageBytesMax is a number of bytes');
  for (const key of Object.keys(unknown)) problems.push(`${where}: ${key} is unknown`);
  return {
    name: String(name),
    partitions: Number(partitions),
    retentionMs: retentionMs ?? 0,
    cleanupPolicy: String(cleanupPolicy),
    messageBytesMax: Number(messageBytesMax),
  };
}
