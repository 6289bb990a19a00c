import { Client, type ClientConfig } from 'pg';

export interface Refused {
  readonly statement: string;
  readonly problem: string;
}

/** PostgreSQL prepares these: it looks up every table, column, function and type, and runs nothing. */
const PREPARABLE = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES|WITH)\b/i;

/**
 * Which of the statements the schema does not take any more. Run on the newest schema with the statements of an earlier
 * version, it tells whether that version still works there; what a statement means is not looked at.
 */
export async function refusedBySchema(connection: ClientConfig, statements: readonly string[]): Promise<Refused[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    const refused: Refused[] = [];
    for (const statement of statements) {
      if (!PREPARABLE.test(statement)) continue;
      const problem = await client.query(`PREPARE checked AS ${statement}`).then(() => client.query('DEALLOCATE checked'), (error: Error) => error.message);
      if (typeof problem === 'string') refused.push({ statement, problem });
    }
    return refused;
  } finally {
    await client.end();
  }
}
