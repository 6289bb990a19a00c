import type { Tx } from '@stella/platform-database';
import type { PackFileOutcome, PackRepository } from '../application/ports.js';

export class SqlPackRepository implements PackRepository {
  constructor(private readonly clock: () => Date) {}

  async save(tx: Tx, tenant: string, pack: string, outcomes: readonly PackFileOutcome[]): Promise<void> {
    await tx.execute(
      `INSERT INTO pack_files (tenant, pack, sha256, outcome, reason, update_time)
       SELECT $1, $2, sha256, outcome, reason, $6 FROM unnest($3::text[], $4::text[], $5::text[]) AS f (sha256, outcome, reason)
       ON CONFLICT (tenant, pack, sha256) DO UPDATE SET outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, update_time = EXCLUDED.update_time`,
      [tenant, pack, outcomes.map(({ sha256 }) => sha256), outcomes.map(({ outcome }) => outcome), outcomes.map(({ reason }) => reason), this.clock()],
    );
  }
}
