import { DomainError } from '@stella/errors';
import type { Database, Sql, Tx } from '@stella/platform-database';
import { type AppendPlan, CHECKPOINT_PATH, parseTilePath, TILE_WIDTH, tilePath, type TileReader } from '@stella/transparency-log';
import type { Cosignature, CosignedCheckpoint, LogHead, TileStore } from '../application/ports.js';
import { bytea, columns } from './sql-values.js';

const CACHED_TILES_MAX = 1_000;
const CHECKPOINT = `SELECT c.size, c.note, array(SELECT s.line FROM cosignatures s WHERE s.origin = c.origin AND s.size = c.size ORDER BY s.key_fingerprint) AS lines
  FROM log_checkpoints c`;

interface CheckpointRow {
  readonly size: bigint;
  readonly note: Buffer;
  readonly lines: string[];
}

/** Tiles and checkpoints as rows: a batch is one transaction, so that a process killed at any point leaves no half of one. */
export class SqlTileStore implements TileStore {
  /** Full tiles of hashes never change. */
  readonly #full = new Map<string, Uint8Array>();

  constructor(
    private readonly database: Database,
    private readonly origin: string,
  ) {}

  async lock(tx: Tx): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`log ${this.origin}`]);
  }

  async head(sql: Sql = this.database): Promise<LogHead | undefined> {
    const [row] = await sql.query<{ checkpoint: Buffer; size: bigint; root_hash: Buffer }>('SELECT checkpoint, size, root_hash FROM log_heads WHERE origin = $1', [this.origin]);
    return row && { checkpoint: row.checkpoint, size: Number(row.size), rootHash: row.root_hash };
  }

  reader(sql: Sql = this.database): TileReader {
    const isCommitted = sql === this.database;
    return {
      read: async (path) => {
        if (path === CHECKPOINT_PATH) return (await this.head(sql))?.checkpoint;
        const cached = this.#full.get(path);
        if (cached) return cached;
        const [row] = await sql.query<{ bytes: Buffer }>('SELECT bytes FROM log_tiles WHERE origin = $1 AND path = $2', [this.origin, path]);
        if (row && isCommitted) this.#remember(path, row.bytes);
        return row?.bytes;
      },
    };
  }

  async advance(tx: Tx, expected: LogHead | undefined, { tiles, checkpoint, tree }: AppendPlan, at: Date): Promise<void> {
    await tx.execute(
      `INSERT INTO log_tiles (origin, path, bytes) SELECT $1, t.path, t.bytes FROM unnest($2::text[], $3::bytea[]) AS t (path, bytes)
       ON CONFLICT (origin, path) DO UPDATE SET bytes = EXCLUDED.bytes`,
      [this.origin, ...columns(tiles, ({ path }) => path, ({ bytes }) => bytea(bytes))],
    );
    const partial = tiles.flatMap(({ path }) => partialsOf(path));
    if (partial.length > 0) await tx.execute('DELETE FROM log_tiles WHERE origin = $1 AND path = ANY($2::text[])', [this.origin, partial]);
    const values = [this.origin, bytea(checkpoint.bytes), tree.size, bytea(tree.rootHash)];
    const swapped = expected
      ? await tx.execute('UPDATE log_heads SET checkpoint = $2, size = $3, root_hash = $4 WHERE origin = $1 AND checkpoint = $5', [...values, bytea(expected.checkpoint)])
      : await tx.execute('INSERT INTO log_heads (origin, checkpoint, size, root_hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', values);
    if (swapped !== 1) throw new DomainError('TLOG_STATE_MISMATCH', { origin: this.origin, problem: 'the head changed under the lock' });
    await tx.execute('INSERT INTO log_checkpoints (origin, size, note, create_time) VALUES ($1, $2, $3, $4)', [this.origin, tree.size, bytea(checkpoint.bytes), at]);
  }

  async checkpoint(size: number): Promise<CosignedCheckpoint | undefined> {
    const [row] = await this.database.query<CheckpointRow>(`${CHECKPOINT} WHERE c.origin = $1 AND c.size = $2`, [this.origin, size]);
    return row;
  }

  async bestCheckpoint(index: number): Promise<(CosignedCheckpoint & { size: number }) | undefined> {
    const [row] = await this.database.query<CheckpointRow>(
      `${CHECKPOINT} WHERE c.origin = $1 AND c.size = COALESCE(
         (SELECT max(size) FROM cosignatures WHERE origin = $1 AND size > $2), (SELECT size FROM log_heads WHERE origin = $1 AND size > $2))`,
      [this.origin, index],
    );
    return row && { ...row, size: Number(row.size) };
  }

  async addCosignature({ size, keyFingerprint, organisation, sameOperator, line, at }: Cosignature): Promise<void> {
    await this.database.execute(
      `INSERT INTO cosignatures (origin, size, key_fingerprint, organisation, same_operator, line, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (origin, size, key_fingerprint) DO UPDATE SET line = EXCLUDED.line, create_time = EXCLUDED.create_time`,
      [this.origin, size, keyFingerprint, organisation, sameOperator, line, at],
    );
  }

  #remember(path: string, bytes: Uint8Array): void {
    const tile = parseTilePath(path);
    if (!tile || tile.level === 'entries' || tile.width !== TILE_WIDTH) return;
    const [oldest] = this.#full.size >= CACHED_TILES_MAX ? this.#full.keys() : [];
    if (oldest !== undefined) this.#full.delete(oldest);
    this.#full.set(path, bytes);
  }
}

/** Partial tiles that a full one makes superfluous; readers fall back to the full one, as C2SP tlog-tiles says. */
function partialsOf(path: string): string[] {
  const tile = parseTilePath(path);
  if (tile?.width !== TILE_WIDTH) return [];
  return Array.from({ length: TILE_WIDTH - 1 }, (_, at) => tilePath({ ...tile, width: at + 1 }));
}
