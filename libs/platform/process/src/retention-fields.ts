import { durationMs, durationText, durationWithin } from '@stella/platform-config';
import { DUPLICATES_AFTER_TOPIC_MS, type EventRetention } from '@stella/platform-events';
import { z } from 'zod';

const MAX = '3650d';
const TOPICS = { min: '1d', max: '365d' };
/** Above the shortest retention of a topic; the one that is set is looked at too (`retentionProblems`). */
const EVENTS_MIN_MS = durationMs().parse(TOPICS.min) + DUPLICATES_AFTER_TOPIC_MS;
const EVENTS_MIN = durationText(EVENTS_MIN_MS);
const TWICE = 'an event that its topic still has would be handled a second time (keep it longer, or the topics shorter by STELLA_RETENTION_TOPICS)';

/** How long a service keeps what it has of events. */
export const EVENT_RETENTION_FIELDS = {
  retentionEvents: durationWithin({ min: EVENTS_MIN, max: MAX, because: TWICE }).prefault('30d'),
  /** Absent: until somebody takes them. */
  retentionDeadLetters: durationWithin({ min: EVENTS_MIN, max: MAX, because: TWICE }).optional(),
};

/** Of the topics, as `deploy/kafka` made them; services are told, so that they keep events for longer. */
export const TOPIC_RETENTION_FIELDS = {
  retentionTopics: durationWithin({ ...TOPICS, because: 'a service that is away for longer would miss events, and no consumer needs what is older than a year' }).prefault('7d'),
};

export const UPLOAD_RETENTION_FIELDS = {
  retentionUploads: durationWithin({ min: '6h', max: '30d', because: 'a large upload over a slow line would be taken away under its sender, while abandoned ones take room and quota for as long' }).prefault('1d'),
};

type EventRetentionConfig = Readonly<z.output<z.ZodObject<typeof EVENT_RETENTION_FIELDS>>>;

export function eventRetentionOf({ retentionEvents: handledMs, retentionDeadLetters: deadLettersMs }: EventRetentionConfig): EventRetention {
  return { handledMs, deadLettersMs };
}

/** By their keys, what is kept shorter than the topics allow. */
export function retentionProblems(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const topicsMs = config['retentionTopics'];
  if (typeof topicsMs !== 'number') return {};
  const minMs = topicsMs + DUPLICATES_AFTER_TOPIC_MS;
  // What no topic at all allows has been told by the field itself.
  const isShort = (key: string): boolean => typeof config[key] === 'number' && config[key] >= EVENTS_MIN_MS && config[key] < minMs;
  const problemOf = (key: string) =>
    `${durationText(config[key] as number)} is less than ${durationText(minMs)}, which is STELLA_RETENTION_TOPICS (${durationText(topicsMs)}) and ${durationText(DUPLICATES_AFTER_TOPIC_MS)} for segments that Kafka drops late: ${TWICE}`;
  return Object.fromEntries(Object.keys(EVENT_RETENTION_FIELDS).filter(isShort).map((key) => [key, problemOf(key)]));
}
