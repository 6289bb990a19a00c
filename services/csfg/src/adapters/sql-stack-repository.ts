import type { AnalysedStack } from '@stella/stack-fingerprint';
import type { Database, Sql, Tx } from '@stella/platform-database';
import type { NewStack, StackIncidents, StackKey, StackPageQuery, StackRepository } from '../application/ports.js';
import type { StackSource } from '../domain/stack-source.js';
import type { Stack } from '../domain/stack.js';
import { type StackRow, STACK_COLUMNS, toStack } from './stack-row.js';
import { HEAD_COLUMNS, HEAD_VALUES, headOf, insertParts, replaceAnalysis } from './write-analysis.js';

/** Stacks in PostgreSQL; every statement names the tenant, but for those of the service itself. */
export class SqlStackRepository implements StackRepository {
  constructor(private readonly database: Database) {}

  async lockTenant(tx: Tx, tenant: string): Promise<void> {
    await tx.execute('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`stacks of ${tenant}`]);
  }

  async find({ tenant, id }: StackKey, tx: Sql = this.database): Promise<Stack | undefined> {
    const rows = await tx.query<StackRow>(`SELECT ${STACK_COLUMNS} FROM stacks s WHERE s.tenant = $1 AND s.id = $2`, [tenant, id]);
    return rows[0] && toStack(rows[0]);
  }

  async sourceOf({ tenant, id }: StackKey, tx: Sql = this.database): Promise<StackSource | undefined> {
    const rows = await tx.query<{ source_kind: StackSource['kind']; source: Buffer }>('SELECT source_kind, source FROM stacks WHERE tenant = $1 AND id = $2', [tenant, id]);
    return rows[0] && { kind: rows[0].source_kind, body: rows[0].source.toString() };
  }

  async incidentsOf(tx: Tx, tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, StackIncidents>> {
    const rows = await tx.query<{ id: string; incident: string | null; matched_incident: string | null }>('SELECT id, incident, matched_incident FROM stacks WHERE tenant = $1 AND id = ANY($2)', [tenant, ids]);
    return new Map(rows.map((row) => [row.id, { incident: row.incident ?? undefined, matchedIncident: row.matched_incident ?? undefined }]));
  }

  async page({ tenant, incident, after, countMax }: StackPageQuery): Promise<readonly Stack[]> {
    const rows = await this.database.query<StackRow>(
      `SELECT ${STACK_COLUMNS} FROM stacks s
       WHERE s.tenant = $1 AND ($2::text IS NULL OR COALESCE(s.incident, s.matched_incident) = $2)
         AND ($3::timestamptz IS NULL OR s.create_time < $3 OR (s.create_time = $3 AND s.id > $4))
       ORDER BY s.create_time DESC, s.id LIMIT $5`,
      [tenant, incident ?? null, after?.createTime ?? null, after?.id ?? null, countMax],
    );
    return rows.map(toStack);
  }

  async changedSince(tenant: string, revision: bigint, countMax: number): Promise<readonly Stack[]> {
    const rows = await this.database.query<StackRow>(
      `SELECT ${STACK_COLUMNS} FROM stacks s WHERE s.tenant = $1 AND s.revision > $2 ORDER BY s.revision LIMIT $3`,
      [tenant, revision, countMax],
    );
    return rows.map(toStack);
  }

  async tenants(): Promise<readonly string[]> {
    const rows = await this.database.query<{ tenant: string }>('SELECT DISTINCT tenant FROM stacks ORDER BY tenant');
    return rows.map(({ tenant }) => tenant);
  }

  async lackingNames(gnuBuildIds: readonly string[], after: StackKey | undefined, countMax: number, tx: Sql = this.database): Promise<readonly StackKey[]> {
    return tx.query<{ tenant: string; id: string }>(
      `SELECT DISTINCT tenant, stack_id AS id FROM stack_frames
       WHERE function_name IS NULL AND gnu_build_id = ANY($1) AND (tenant, stack_id) > ($2, $3)
       ORDER BY tenant, stack_id LIMIT $4`,
      [gnuBuildIds, after?.tenant ?? '', after?.id ?? '', countMax],
    );
  }

  async ofOtherVersion(normaliserVersion: string, countMax: number): Promise<readonly StackKey[]> {
    return this.database.query<{ tenant: string; id: string }>('SELECT tenant, id FROM stacks WHERE normaliser_version <> $1 LIMIT $2', [normaliserVersion, countMax]);
  }

  async insert(tx: Tx, stack: NewStack): Promise<void> {
    const { source, incident, createTime } = stack;
    await tx.execute(
      `INSERT INTO stacks (tenant, id, ${HEAD_COLUMNS}, source_kind, source, incident, create_time, revision)
       VALUES ($1, $2, ${HEAD_VALUES}, $12, $13, $14, $15, nextval('stack_revisions'))`,
      [...headOf(stack, stack), source.kind, Buffer.from(source.body), incident ?? null, createTime],
    );
    await insertParts(tx, stack, stack);
  }

  async saveAnalysis(tx: Tx, key: StackKey, analysis: AnalysedStack): Promise<void> {
    await replaceAnalysis(tx, key, analysis);
  }

  async setIncident(tx: Tx, { tenant, id }: StackKey, incident: string): Promise<void> {
    await tx.execute("UPDATE stacks SET incident = $3, revision = nextval('stack_revisions') WHERE tenant = $1 AND id = $2", [tenant, id, incident]);
  }

  async setMatchedIncident(tx: Tx, { tenant, id }: StackKey, incident: string): Promise<void> {
    await tx.execute("UPDATE stacks SET matched_incident = $3, revision = nextval('stack_revisions') WHERE tenant = $1 AND id = $2", [tenant, id, incident]);
  }
}
