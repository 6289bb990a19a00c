// A service with its outbox and inbox in PostgreSQL, by Kafka. argv: tell or hear, and where everything is (JSON).
import { Database } from '@stella/platform-database';
import { KafkaBus } from '@stella/platform-events';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { Hearing, serve, tellEach } from './events-roles.mjs';

const [role, words] = [process.argv[2], JSON.parse(process.argv[3])];
const { connection, databases, topic } = words;
const logger = createLogger({ name: role, level: 'warn' });
const name = role === 'tell' ? 'bench-teller' : 'bench-hearer';
const database = new Database({ connection: databases[role === 'tell' ? 0 : 1], name });
const events = new KafkaBus({ connection, logger }).attach({ name, database, logger, metrics: new Metrics() });
const hearing = new Hearing();
if (role === 'hear') events.subscribe({ topic }, { commit: async ({ payload }, tx) => tx.afterCommit(() => hearing.note(payload)) });
await events.start();

await serve(role === 'hear' ? (request) => hearing.of(request) : tell, async () => {
  await events.stop();
  await database.close();
});

function tell(request) {
  return tellEach(request, (drafts) =>
    database.tx(async (tx) => {
      for (const { key, payload } of drafts) await events.append(tx, { topic, tenant: 'bench', key, payload });
    }),
  );
}
