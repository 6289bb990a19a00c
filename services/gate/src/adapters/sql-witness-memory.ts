import type { Database, Tx } from '@stella/platform-database';
import type { Refutation } from '@stella/verdict';
import type { WitnessMemory } from '../application/repositories.js';
import type { VerdictPlace, VerdictScope } from '../domain/verdict-record.js';
import { limits } from '../limits.js';

export class SqlWitnessMemory implements WitnessMemory {
  constructor(private readonly database: Database) {}

  async refuting(tenant: string, candidateSha256: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ witness: string }>(
      `SELECT DISTINCT witness FROM refutations WHERE tenant = $1 AND candidate_sha256 = $2 AND witness <> '' ORDER BY witness`,
      [tenant, candidateSha256],
    );
    return rows.map(({ witness }) => witness);
  }

  async inherited(tenant: string, baselineSha256: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ witness: string }>(
      `WITH RECURSIVE lineage (artifact, depth) AS (
         SELECT $2, 1
         UNION
         SELECT v.baseline_sha256, l.depth + 1 FROM lineage l JOIN verdicts v ON v.tenant = $1 AND v.candidate_sha256 = l.artifact AND v.outcome <> 'DENY' WHERE l.depth < $3
       )
       SELECT w.witness FROM lineage l
       JOIN verdicts v ON v.tenant = $1 AND v.candidate_sha256 = l.artifact AND v.outcome <> 'DENY'
       JOIN verdict_witnesses w ON w.verdict_id = v.id
       GROUP BY w.witness ORDER BY min(l.depth), w.witness LIMIT $4`,
      [tenant, baselineSha256, limits.lineageDepthMax, limits.inheritedMax],
    );
    return rows.map(({ witness }) => witness);
  }

  async remember(tx: Tx, { tenant, candidateSha256 }: VerdictPlace, verdictId: string, found: readonly (Refutation & { readonly payloadSha256: string })[], at: Date): Promise<void> {
    for (const { evidence, witness, payloadSha256 } of found) {
      await tx.execute(
        `INSERT INTO refutations (tenant, candidate_sha256, evidence, witness, payload_sha256, verdict_id, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
        [tenant, candidateSha256, evidence, witness ?? '', payloadSha256, verdictId, at],
      );
    }
  }

  async overlooks(tx: Tx, { place, witnesses, considered, deltaPayloadSha256 }: VerdictScope): Promise<boolean> {
    const rows = await tx.query(
      `SELECT FROM refutations WHERE tenant = $1 AND candidate_sha256 = $2
         AND CASE WHEN witness = '' THEN payload_sha256 = $5 AND NOT evidence = ANY ($4) ELSE NOT witness = ANY ($3) END LIMIT 1`,
      [place.tenant, place.candidateSha256, witnesses, considered, deltaPayloadSha256 ?? ''],
    );
    return rows.length > 0;
  }
}
