import kafkajs from 'kafkajs';
import pg from 'pg';
import { type Resources, SERVICES } from '../../deployment/index.mjs';
import type { Addresses } from '../../servers/index.mjs';

interface Told {
  readonly id: string;
  readonly topic: string;
  readonly isSent: boolean;
}

interface Received {
  /** `schema/consumer` */
  readonly consumer: string;
  readonly id: string;
  readonly topic: string;
  readonly state: 'waiting' | 'done' | 'dead';
}

interface Subscription {
  /** `schema/consumer` */
  readonly consumer: string;
  readonly topic: string;
}

/** What the services of one installation told each other, as their tables have it. */
export interface Ledger {
  readonly told: readonly Told[];
  readonly received: readonly Received[];
  readonly subscriptions: readonly Subscription[];
}

/** Of all schemas of a database, by its administrator; who takes what is asked of the broker, so that a consumer that received nothing is missed. */
export async function readLedger({ postgres, kafka }: Pick<Addresses, 'postgres' | 'kafka'>, { database, topicPrefix }: Pick<Resources, 'database' | 'topicPrefix'>): Promise<Ledger> {
  const [tables, subscriptions] = await Promise.all([readTables(postgres, database), readSubscriptions(kafka.brokers, topicPrefix)]);
  return { ...tables, subscriptions };
}

/** @throws if a group has no member at the time: what it takes is not known then */
async function readSubscriptions(brokers: readonly string[], topicPrefix: string): Promise<Subscription[]> {
  const admin = new kafkajs.Kafka({ clientId: 'ledger', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const begin = `${topicPrefix}stella.`;
    const ids = (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(begin));
    const { groups } = await admin.describeGroups(ids);
    return groups.flatMap(({ groupId, members }) => {
      if (members.length === 0) throw new Error(`the group ${groupId} has no member`);
      const [service = '', group = service] = groupId.slice(begin.length).split('.');
      const topics = new Set(members.flatMap(({ memberMetadata }) => kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? []));
      return [...topics].map((topic) => ({ consumer: `${schemaOf(service)}/${group}`, topic: topic.slice(topicPrefix.length) }));
    });
  } finally {
    await admin.disconnect();
  }
}

const schemaOf = (service: string): string => service.replaceAll('-', '_');

async function readTables(postgres: Addresses['postgres'], database: string): Promise<Omit<Ledger, 'subscriptions'>> {
  const client = new pg.Client({ ...postgres, database });
  await client.connect();
  try {
    const told: Told[] = [];
    const received: Received[] = [];
    for (const schema of SERVICES.map(schemaOf)) {
      const { rows: tables } = await client.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 AND table_name IN ('inbox', 'outbox')`, [schema]);
      if (tables.length < 2) continue;
      told.push(...(await client.query<Told>(`SELECT id, topic, relayed_at IS NOT NULL AS "isSent" FROM ${schema}.outbox`)).rows);
      received.push(...(await client.query<Received>(`SELECT $1 || '/' || consumer AS consumer, id, topic, state FROM ${schema}.inbox`, [schema])).rows);
    }
    return { told, received };
  } finally {
    await client.end();
  }
}

export function isSettled(ledger: Ledger): boolean {
  return ledger.told.every(({ isSent }) => isSent) && ledger.received.every(({ state }) => state !== 'waiting') && missing(ledger).length === 0;
}

/** Events that a consumer of their topic does not have: `consumer topic id`. */
export function missing({ told, received, subscriptions }: Ledger): readonly string[] {
  const has = new Set(received.map(({ consumer, topic, id }) => `${consumer} ${topic} ${id}`));
  return subscriptions.flatMap(({ consumer, topic }) => told.filter((event) => event.topic === topic).map(({ id }) => `${consumer} ${topic} ${id}`)).filter((key) => !has.has(key));
}
