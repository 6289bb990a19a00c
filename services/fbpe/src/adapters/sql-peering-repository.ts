import { publicKeyFromSpki } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { type Database, isUniqueViolation, type Sql, type Tx } from '@stella/platform-database';
import { formatVerifierKey, parseVerifierKey } from '@stella/transparency-log';
import type { MisbehaviourEvidence, PeeringRepository, PeeringRequest } from '../application/ports.js';
import type { Peering, PeerTerms } from '../domain/peering.js';
import { bytea } from './sql-values.js';

interface PeeringRow {
  readonly id: string;
  readonly tenant: string;
  readonly request_sha256: string;
  readonly organisation: string;
  readonly origin: string;
  readonly log_key: string;
  readonly cosigner_key: string;
  readonly evidence_keys: Buffer[];
  readonly grpc_address: string;
  readonly http_address: string;
  readonly same_operator: boolean;
  readonly development: boolean;
  readonly state: Peering['state'];
  readonly frozen_reason: string | null;
  readonly seen_checkpoint: Buffer | null;
  readonly verified_size: bigint;
  readonly last_pull_time: Date | null;
}

export class SqlPeeringRepository implements PeeringRepository {
  constructor(private readonly database: Database) {}

  async create(id: string, { tenant, requestId, requestSha256 }: PeeringRequest, terms: PeerTerms): Promise<Peering> {
    const insert = `INSERT INTO peerings (id, tenant, request_id, request_sha256, organisation, origin, log_key, cosigner_key, evidence_keys, grpc_address, http_address, same_operator, development, state)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bytea[], $10, $11, $12, $13, 'active') ON CONFLICT (tenant, request_id) DO NOTHING`;
    const keys = [formatVerifierKey(terms.logKey), formatVerifierKey(terms.cosignerKey), terms.evidenceKeys.map(({ spki }) => bytea(spki))];
    try {
      await this.database.execute(insert, [id, tenant, requestId, requestSha256, terms.organisation, terms.origin, ...keys, terms.grpcAddress, terms.httpAddress, terms.sameOperator, terms.development]);
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('PEERING_EXISTS', { origin: terms.origin });
      throw error;
    }
    const [row] = await this.database.query<PeeringRow>('SELECT * FROM peerings WHERE tenant = $1 AND request_id = $2', [tenant, requestId]);
    if (row?.request_sha256 !== requestSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
    return toPeering(row);
  }

  async find(tenant: string, id: string): Promise<Peering | undefined> {
    return this.#one(this.database, 'tenant = $1 AND id = $2', [tenant, id]);
  }

  async byOrigin(origin: string, sql: Sql = this.database): Promise<Peering | undefined> {
    return this.#one(sql, 'origin = $1', [origin]);
  }

  async lock(tx: Tx, id: string): Promise<Peering | undefined> {
    return this.#one(tx, 'id = $1 FOR UPDATE', [id]);
  }

  async page(tenant: string, after: string | undefined, countMax: number): Promise<Peering[]> {
    const from = after ?? '00000000-0000-0000-0000-000000000000';
    return (await this.database.query<PeeringRow>('SELECT * FROM peerings WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3', [tenant, from, countMax])).map(toPeering);
  }

  async active(): Promise<Peering[]> {
    return (await this.database.query<PeeringRow>(`SELECT * FROM peerings WHERE state = 'active' ORDER BY id`)).map(toPeering);
  }

  async accept(tx: Tx, id: string, seenCheckpoint: Uint8Array): Promise<void> {
    await tx.execute('UPDATE peerings SET seen_checkpoint = $2 WHERE id = $1', [id, bytea(seenCheckpoint)]);
  }

  async advance(tx: Tx, id: string, from: number, to: number): Promise<boolean> {
    return (await tx.execute(`UPDATE peerings SET verified_size = $3 WHERE id = $1 AND verified_size = $2 AND state = 'active'`, [id, from, to])) === 1;
  }

  async pulled(id: string, at: Date): Promise<void> {
    await this.database.execute('UPDATE peerings SET last_pull_time = $2 WHERE id = $1', [id, at]);
  }

  async freeze(tx: Tx, { id, tenant }: Peering, evidence: MisbehaviourEvidence, at: Date): Promise<void> {
    await tx.execute(`UPDATE peerings SET state = 'frozen', frozen_reason = $2 WHERE id = $1`, [id, evidence.reason]);
    await tx.execute(
      `INSERT INTO misbehaviours (tenant, peering_id, reason, provable, first_checkpoint, second_checkpoint, fork_root_hash, fork_proof, facts, create_time)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bytea[], $9, $10)`,
      [
        tenant,
        id,
        evidence.reason,
        evidence.provable,
        evidence.first ? bytea(evidence.first) : null,
        bytea(evidence.second),
        evidence.fork ? bytea(evidence.fork.rootHash) : null,
        evidence.fork ? evidence.fork.proof.map(bytea) : null,
        JSON.stringify(evidence.facts),
        at,
      ],
    );
  }

  async #one(sql: Sql, where: string, values: readonly unknown[]): Promise<Peering | undefined> {
    const [row] = await sql.query<PeeringRow>(`SELECT * FROM peerings WHERE ${where}`, values);
    return row && toPeering(row);
  }
}

function toPeering(row: PeeringRow): Peering {
  return {
    id: row.id,
    tenant: row.tenant,
    organisation: row.organisation,
    origin: row.origin,
    logKey: parseVerifierKey(row.log_key),
    cosignerKey: parseVerifierKey(row.cosigner_key),
    evidenceKeys: row.evidence_keys.map(publicKeyFromSpki),
    grpcAddress: row.grpc_address,
    httpAddress: row.http_address,
    sameOperator: row.same_operator,
    development: row.development,
    state: row.state,
    frozenReason: row.frozen_reason ?? undefined,
    seenCheckpoint: row.seen_checkpoint ?? undefined,
    verifiedSize: Number(row.verified_size),
    lastPullTime: row.last_pull_time ?? undefined,
  };
}
