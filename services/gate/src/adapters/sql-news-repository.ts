import type { Database, Tx } from '@stella/platform-database';
import type { NewsRepository } from '../application/repositories.js';

export class SqlNewsRepository implements NewsRepository {
  constructor(private readonly database: Database) {}

  async add(tx: Tx, { tenant, subjects, evidence, time }: { readonly tenant: string; readonly subjects: readonly string[]; readonly evidence: string; readonly time: Date }): Promise<void> {
    await tx.execute(
      'INSERT INTO news (tenant, subject, evidence, time) SELECT $1, subject, $3, $4 FROM unnest($2::text[]) AS subject ON CONFLICT DO NOTHING',
      [tenant, [...subjects], evidence, time],
    );
  }

  async mark(tenant: string, subjects: readonly string[]): Promise<string> {
    const [row] = await this.database.query<{ count: bigint }>('SELECT count(*) FROM news WHERE tenant = $1 AND subject = ANY ($2)', [tenant, subjects]);
    return String(row?.count ?? 0n);
  }

  forgetBefore(time: Date, rowsMax: number): Promise<number> {
    return this.database.execute(
      'DELETE FROM news WHERE ctid = ANY (ARRAY(SELECT ctid FROM news WHERE time < $1 ORDER BY time LIMIT $2 FOR UPDATE SKIP LOCKED))',
      [time, rowsMax],
    );
  }
}
