import type { Database, Sql, Tx } from '@stella/platform-database';
import type { PackRepository, PackSearch } from '../application/ports.js';
import type { BuildClaim, BuildId, BuildIdKind } from '../domain/build-claim.js';
import type { BuildFile } from '../domain/build-index.js';
import { type Audience, audienceOf, type FileRole, type Pack, type PackState } from '../domain/pack.js';
import { limits } from '../limits.js';
import { FILE_COLUMNS, type FileRow, PACK_COLUMNS, type PackRow, toFile, toPack } from './pack-row.js';

const LIVE = "p.state IN ('in-review', 'published', 'yanked', 'taken-down')";

/** Beyond every file of a pack. */
const POSITION_MAX = 2 ** 31 - 1;

/** Packs in PostgreSQL, with their files and with what their build ids are taken to mean. */
export class SqlPackRepository implements PackRepository {
  constructor(private readonly database: Database) {}

  find(id: string, tx: Sql = this.database): Promise<Pack | undefined> {
    return one(tx, 'WHERE p.id = $1', [id]);
  }

  lock(tx: Tx, id: string): Promise<Pack | undefined> {
    return one(tx, 'WHERE p.id = $1 FOR UPDATE', [id]);
  }

  findByName(name: string, tx: Sql = this.database): Promise<Pack | undefined> {
    return one(tx, `WHERE p.name = $1 ORDER BY (${LIVE}) DESC, p.create_time DESC, p.id LIMIT 1`, [name]);
  }

  findByContent(name: string, payloadDigest: string, tx: Sql = this.database): Promise<Pack | undefined> {
    return one(tx, "WHERE p.name = $1 AND p.payload_digest = $2 AND p.state <> 'rejected'", [name, payloadDigest]);
  }

  findLive(name: string, tx: Sql = this.database): Promise<Pack | undefined> {
    return one(tx, `WHERE p.name = $1 AND ${LIVE}`, [name]);
  }

  async search({ tenant, words, buildId, after, countMax }: PackSearch): Promise<readonly Pack[]> {
    const patterns = words.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
    const visible = "(p.tenant = $1 OR (p.state = 'published' AND p.visibility = 'public'))";
    const matches = 'EXISTS (SELECT 1 FROM pack_files f WHERE f.pack_id = p.id AND (f.gnu_build_id = lower($3) OR f.go_build_id = $3))';
    return many(
      this.database,
      `WHERE ${visible} AND ((p.name ILIKE ALL ($2::text[])) OR ($3::text IS NOT NULL AND ${matches}))
         AND ($4::timestamptz IS NULL OR (p.create_time, p.id) < ($4, $5::uuid))
       ORDER BY p.create_time DESC, p.id DESC LIMIT $6`,
      [tenant, patterns, buildId ?? null, after?.createTime ?? null, after?.id ?? null, countMax],
    );
  }

  async insert(tx: Tx, pack: Pack): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO packs (id, name, namespace_id, tenant, kind, licence, visibility, state, findings, manifest_sha256, payload_digest, key_fingerprint, create_time)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (name, payload_digest) WHERE state <> 'rejected' DO NOTHING`,
      [
        pack.id,
        pack.name,
        pack.namespaceId,
        pack.tenant,
        pack.kind,
        pack.licence,
        pack.visibility,
        pack.state,
        JSON.stringify(pack.findings),
        pack.manifestSha256,
        pack.payloadDigest,
        pack.keyFingerprint,
        pack.createTime,
      ],
    );
    if (inserted === 1) await insertFiles(tx, pack);
    return inserted === 1;
  }

  async save(tx: Tx, pack: Pack): Promise<void> {
    await tx.execute('UPDATE packs SET state = $2, findings = $3, publish_time = $4 WHERE id = $1', [pack.id, pack.state, JSON.stringify(pack.findings), pack.publishTime ?? null]);
    await tx.execute('DELETE FROM pack_files WHERE pack_id = $1', [pack.id]);
    await insertFiles(tx, pack);
  }

  async lockPublishing(tx: Tx): Promise<void> {
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('marketplace publish', 0))");
  }

  async claims(tx: Tx, audience: Audience, ids: readonly BuildId[]): Promise<readonly BuildClaim[]> {
    const rows = await tx.query<{ id_kind: BuildIdKind; build_id: string; role: FileRole; sha256: string; tenant: string }>(
      `SELECT id_kind, build_id, role, sha256, tenant FROM build_claims
       WHERE audience = $1 AND (id_kind, build_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
      [audience, ids.map(({ kind }) => kind), ids.map(({ value }) => value)],
    );
    return rows.map(({ id_kind, build_id, ...rest }) => ({ kind: id_kind, value: build_id, ...rest }));
  }

  async insertClaims(tx: Tx, audience: Audience, packId: string, claims: readonly BuildClaim[]): Promise<void> {
    await tx.execute(
      `INSERT INTO build_claims (audience, pack_id, id_kind, build_id, role, sha256, tenant)
       SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) ON CONFLICT DO NOTHING`,
      [audience, packId, claims.map(({ kind }) => kind), claims.map(({ value }) => value), claims.map(({ role }) => role), claims.map(({ sha256 }) => sha256), claims.map(({ tenant }) => tenant)],
    );
  }

  async *publishedBuildFiles(publication: bigint): AsyncGenerator<{ publication: bigint; audience: Audience; file: BuildFile }> {
    let after = { publication, position: POSITION_MAX };
    for (;;) {
      const rows = await this.database.query<FileRow & { publication: bigint; position: number; role: FileRole; pack: string; visibility: string; tenant: string }>(
        `SELECT ${FILE_COLUMNS}, p.publication, f.position, p.name AS pack, p.visibility, p.tenant FROM pack_files f JOIN packs p ON p.id = f.pack_id
         WHERE p.state = 'published' AND f.role IS NOT NULL AND p.publication >= $1 AND (p.publication, f.position) > ($1, $2)
         ORDER BY p.publication, f.position LIMIT $3`,
        [after.publication, after.position, limits.indexRowsPerRead],
      );
      for (const row of rows) yield { publication: row.publication, audience: audienceOf(row), file: { ...toFile(row), role: row.role, pack: row.pack } };
      const last = rows.at(-1);
      if (!last || rows.length < limits.indexRowsPerRead) return;
      after = last;
    }
  }

  async countByState(): Promise<ReadonlyMap<PackState, number>> {
    const rows = await this.database.query<{ state: PackState; count: bigint }>('SELECT state, count(*) AS count FROM packs GROUP BY state');
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }

  async publicSource(gnuBuildId: string, path: string): Promise<{ sha256: string; sizeBytes: number } | undefined> {
    const rows = await this.database.query<{ sha256: string; size_bytes: bigint }>(
      `SELECT s.sha256, s.size_bytes FROM pack_files s JOIN packs p ON p.id = s.pack_id
       WHERE s.path = $2 AND s.format = 'source' AND p.state = 'published' AND p.visibility = 'public'
         AND EXISTS (SELECT 1 FROM pack_files f WHERE f.pack_id = p.id AND f.gnu_build_id = $1)
       ORDER BY p.publish_time, p.id LIMIT 1`,
      [gnuBuildId, path],
    );
    return rows[0] && { sha256: rows[0].sha256, sizeBytes: Number(rows[0].size_bytes) };
  }
}

async function one(tx: Sql, tail: string, values: readonly unknown[]): Promise<Pack | undefined> {
  return (await many(tx, tail, values))[0];
}

async function many(tx: Sql, tail: string, values: readonly unknown[]): Promise<readonly Pack[]> {
  const packs = await tx.query<PackRow>(`SELECT ${PACK_COLUMNS} FROM packs p ${tail}`, values);
  const files = packs.length === 0 ? [] : await tx.query<FileRow>(`SELECT ${FILE_COLUMNS} FROM pack_files f WHERE f.pack_id = ANY($1) ORDER BY f.pack_id, f.position`, [packs.map(({ id }) => id)]);
  const byPack = Map.groupBy(files, ({ pack_id }) => pack_id);
  return packs.map((row) => toPack(row, (byPack.get(row.id) ?? []).map(toFile)));
}

async function insertFiles(tx: Tx, { id, tenant, files }: Pack): Promise<void> {
  await tx.execute(
    `INSERT INTO pack_files (pack_id, tenant, position, path, sha256, size_bytes, format, role, gnu_build_id, go_build_id, has_debug_info)
     SELECT $1, $2, * FROM unnest($3::int[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bool[])`,
    [
      id,
      tenant,
      files.map((_, position) => position),
      files.map(({ path }) => path),
      files.map(({ sha256 }) => sha256),
      files.map(({ sizeBytes }) => sizeBytes),
      files.map(({ format }) => format),
      files.map(({ role }) => role ?? null),
      files.map(({ gnuBuildId }) => gnuBuildId ?? null),
      files.map(({ goBuildId }) => goBuildId ?? null),
      files.map(({ hasDebugInfo }) => hasDebugInfo),
    ],
  );
}
