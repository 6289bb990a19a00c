import type { Admin, Kafka } from 'kafkajs';
import { inTime } from './in-time.js';
import { ADMIN_TIMEOUT_MS, CLOSE_TIMEOUT_MS } from './limits.js';

/** Asks the brokers about topics and consumer groups; topics are named as the brokers do. */
export class GroupAdmin {
  #admin: Promise<Admin> | undefined;

  constructor(private readonly kafka: Kafka) {}

  /** Those of `topics` that there are. */
  async existing(topics: readonly string[]): Promise<string[]> {
    const all = new Set(await this.#ask((admin) => admin.listTopics()));
    return topics.filter((topic) => all.has(topic));
  }

  /** Messages of each topic that the group has not yet committed. */
  async lag(groupId: string, topics: readonly string[]): Promise<Map<string, number>> {
    return this.#ask(async (admin) => {
      const committed = await admin.fetchOffsets({ groupId, topics: [...topics] });
      const lags = topics.map(async (topic): Promise<[string, number]> => {
        const offsets = new Map(committed.find((each) => each.topic === topic)?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        const ends = await admin.fetchTopicOffsets(topic);
        const ofPartition = ({ partition, high, low }: { partition: number; high: string; low: string }) => Number(high) - Math.max(offsets.get(partition) ?? 0, Number(low));
        return [topic, ends.reduce((sum, end) => sum + Math.max(0, ofPartition(end)), 0)];
      });
      return new Map(await Promise.all(lags));
    });
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    if (admin !== undefined) await inTime(admin.then((connected) => connected.disconnect()), CLOSE_TIMEOUT_MS).catch(() => undefined);
  }

  /** A connection on which something failed is not used again. */
  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      return await inTime((this.#admin ??= this.#connect()).then(question), ADMIN_TIMEOUT_MS);
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }
}
