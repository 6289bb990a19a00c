// The services of the suite as a process of its own. argv: a DemoProcessWords as JSON. Says `ready` when they run, stops
// properly on SIGTERM.
import { writeSync } from 'node:fs';
import { Database, type Row } from '@stella/platform-database';
import { KafkaBus, type KafkaConnection } from '@stella/platform-events';
import { FAST_RETRY, recordEffect, TOPIC } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import type { ClientConfig } from 'pg';

export interface DemoProcessWords {
  readonly administrator: ClientConfig;
  readonly connection: KafkaConnection;
  /** What it is called in the effects. */
  readonly name: string;
  readonly services: readonly ('a' | 'b')[];
  /** When it kills itself: once b has what came in its inbox and the broker does not know yet, or once the broker has what a sent and a does not know yet. */
  readonly diesAfter?: 'accept' | 'send';
  /** What a handler takes at most, at random. */
  readonly handlingMs?: number;
}

const words = JSON.parse(process.argv[2] ?? '{}') as DemoProcessWords;
const die = () => process.kill(process.pid, 'SIGKILL');

class DyingDatabase extends Database {
  override async query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]> {
    const rows = await super.query<R>(text, values);
    if (words.diesAfter === 'accept' && text.includes('INSERT INTO inbox')) die();
    return rows;
  }

  override async execute(text: string, values?: readonly unknown[]): Promise<number> {
    if (words.diesAfter === 'send' && text.startsWith('UPDATE outbox SET relayed_at')) die();
    return super.execute(text, values);
  }
}

const logger = createLogger({ name: words.name, level: 'silent' });
const bus = new KafkaBus({ connection: words.connection, logger });
const metrics = new Metrics();
const all = words.services.map((name) => {
  const database = new DyingDatabase({ connection: { ...words.administrator, user: `stella_${name}` }, name: words.name });
  const events = bus.attach({ name, logger, metrics, retry: FAST_RETRY, database });
  if (name !== 'b') return events;
  events.subscribe({ topic: TOPIC }, {
    prepare: () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * (words.handlingMs ?? 0))),
    commit: recordEffect,
  });
  return events;
});
process.once('SIGTERM', () => void Promise.all(all.map((events) => events.stop())).then(() => process.exit(0)));
for (const events of all) await events.start();
writeSync(1, 'ready\n');
setInterval(() => undefined, 60_000);
