import pg from 'pg';
import { SERVICES } from '../../deployment/index.mjs';
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

/** What the services of one installation told each other, as their tables have it. */
export interface Ledger {
  readonly told: readonly Told[];
  readonly received: readonly Received[];
}

/** Of all schemas of a database, by its administrator. */
export async function readLedger(postgres: Addresses['postgres'], database: string): Promise<Ledger> {
  const client = new pg.Client({ ...postgres, database });
  await client.connect();
  try {
    const told: Told[] = [];
    const received: Received[] = [];
    for (const schema of SERVICES.map((service) => service.replaceAll('-', '_'))) {
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

export function isSettled({ told, received }: Ledger): boolean {
  return told.every(({ isSent }) => isSent) && received.every(({ state }) => state !== 'waiting') && missing({ told, received }).length === 0;
}

/** Events that a consumer of their topic does not have: `consumer topic id`. Each consumer has had one of each topic that it takes. */
export function missing({ told, received }: Ledger): readonly string[] {
  const takes = new Map<string, Set<string>>();
  for (const { consumer, topic, id } of received) {
    const key = `${consumer} ${topic}`;
    takes.set(key, (takes.get(key) ?? new Set()).add(id));
  }
  return [...takes].flatMap(([key, ids]) => told.filter(({ topic, id }) => key.endsWith(` ${topic}`) && !ids.has(id)).map(({ id }) => `${key} ${id}`));
}
