import type { ResolvedAddress } from '@stella/stack-fingerprint';
import type { Database, Sql, Tx } from '@stella/platform-database';
import type { SymbolRepository } from '../application/ports.js';
import { type CodeLocation, SymbolTable } from '../domain/symbol-table.js';

interface SymbolRow {
  readonly gnu_build_id: string;
  readonly module_offset: string;
  readonly places: ResolvedAddress;
  readonly source_sha256: string;
}

/** What packs said, a tenant's own copy: who asked what is nobody else's business. */
export class SqlSymbolRepository implements SymbolRepository {
  constructor(private readonly database: Database) {}

  async find(tenant: string, locations: readonly CodeLocation[], tx: Sql = this.database): Promise<SymbolTable> {
    if (locations.length === 0) return new SymbolTable();
    const rows = await tx.query<SymbolRow>(
      `SELECT s.gnu_build_id, s.module_offset, s.places, s.source_sha256
       FROM unnest($2::text[], $3::text[]) AS wanted(gnu_build_id, module_offset)
       JOIN symbols s ON s.tenant = $1 AND s.gnu_build_id = wanted.gnu_build_id AND s.module_offset = wanted.module_offset`,
      [tenant, locations.map(({ gnuBuildId }) => gnuBuildId), locations.map(({ moduleOffset }) => moduleOffset)],
    );
    return new SymbolTable(
      rows.map((row) => ({ gnuBuildId: row.gnu_build_id, moduleOffset: row.module_offset, address: row.places, sourceSha256: row.source_sha256 })),
    );
  }

  async save(tx: Tx, tenant: string, symbols: SymbolTable): Promise<void> {
    const rows = [...symbols.symbols()].map(({ gnuBuildId, moduleOffset, address, sourceSha256 }) => ({
      gnu_build_id: gnuBuildId,
      module_offset: moduleOffset,
      places: address,
      source_sha256: sourceSha256,
    }));
    await tx.execute(
      `INSERT INTO symbols (tenant, gnu_build_id, module_offset, places, source_sha256)
       SELECT $1, s.* FROM jsonb_to_recordset($2) AS s(gnu_build_id text, module_offset text, places jsonb, source_sha256 text)
       ON CONFLICT (tenant, gnu_build_id, module_offset) DO UPDATE SET places = EXCLUDED.places, source_sha256 = EXCLUDED.source_sha256`,
      [tenant, JSON.stringify(rows)],
    );
  }
}
