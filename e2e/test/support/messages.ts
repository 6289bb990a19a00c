import type { IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import { until } from './until.js';

/** Everything that a topic holds, in order for each partition. */
export async function messagesOf(kafka: Kafka, topic: string, count: number): Promise<{ partition: number; message: KafkaMessage }[]> {
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, maxWaitTimeInMs: 100, retry: { restartOnFailure: async () => false } });
  const found: { partition: number; message: KafkaMessage }[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ partition, message }) => void found.push({ partition, message }) });
    await until(`${count} messages in ${topic}`, async () => found.length >= count);
    return found;
  } finally {
    await consumer.disconnect();
  }
}

export function textHeaders(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
