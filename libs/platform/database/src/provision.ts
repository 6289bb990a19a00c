import { DomainError } from '@stella/errors';
import { Client, type ClientConfig } from 'pg';

const NAME = /^[a-z][a-z0-9_]{0,30}$/;

export interface ServiceDatabase {
  readonly role: string;
  readonly schema: string;
  /** As the service's role, which sees its own schema only. */
  readonly connection: ClientConfig;
}

/**
 * Makes, if absent, the role and the schema of a service: the role owns its schema and nothing else, may not make
 * databases, roles or temporary tables, and finds only its schema on its search path. Safe to repeat.
 * Dashes in the service's name become underscores. Roles are the server's, so that theirs carry the database's name.
 */
export async function provisionService(administrator: ClientConfig, service: string, password?: string): Promise<ServiceDatabase> {
  const schema = service.replaceAll('-', '_');
  const database = String(administrator.database ?? 'postgres');
  if (!NAME.test(schema)) throw new DomainError('CONFIG_INVALID', { problems: `${service} is no name of a service` });
  const role = `${database}_${schema}`.slice(0, 63);
  const client = new Client(administrator);
  await client.connect();
  try {
    await client.query('BEGIN');
    // Several services may start at once: CREATE ROLE knows no IF NOT EXISTS, and rights of the database are one row.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`provision ${database}`]);
    await createRole(client, role, password);
    const [r, s, d] = [role, schema, database].map((name) => client.escapeIdentifier(name)) as [string, string, string];
    await client.query(`GRANT CONNECT ON DATABASE ${d} TO ${r}`);
    await client.query(`REVOKE CREATE, TEMPORARY ON DATABASE ${d} FROM PUBLIC`);
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${s} AUTHORIZATION ${r}`);
    await client.query(`REVOKE ALL ON SCHEMA ${s} FROM PUBLIC`);
    await client.query(`ALTER ROLE ${r} IN DATABASE ${d} SET search_path = ${s}`);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  return { role, schema, connection: { ...administrator, user: role, password } };
}

async function createRole(client: Client, role: string, password: string | undefined): Promise<void> {
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS';
  const credential = password === undefined ? '' : ` PASSWORD ${client.escapeLiteral(password)}`;
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${client.escapeIdentifier(role)} ${rights}${credential}`);
}
