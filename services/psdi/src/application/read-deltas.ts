import { UNIT_KINDS } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { ChangedUnit, DeltaRecord } from '../domain/delta-record.js';
import type { DeltaRepository } from './ports.js';

export interface UnitPageQuery {
  readonly tenant: string;
  readonly deltaId: string;
  /** Undefined: every kind. */
  readonly kind: string | undefined;
  /** -1: from the first. */
  readonly afterPosition: number;
  readonly pageSize: number;
}

export interface UnitPage {
  readonly units: readonly ChangedUnit[];
  /** Undefined: there are no more. */
  readonly lastPosition: number | undefined;
}

export class ReadDeltas {
  constructor(private readonly deltas: DeltaRepository) {}

  /** @throws DomainError DELTA_NOT_FOUND */
  async get(tenant: string, id: string): Promise<DeltaRecord> {
    const record = await this.deltas.find(tenant, id);
    if (!record) throw new DomainError('DELTA_NOT_FOUND', { delta: `deltas/${id}` });
    return record;
  }

  /** By unit id. @throws DomainError DELTA_NOT_FOUND, REQUEST_INVALID for a kind that there is not */
  async units({ tenant, deltaId, kind, afterPosition, pageSize }: UnitPageQuery): Promise<UnitPage> {
    if (kind !== undefined && !UNIT_KINDS.some((known) => known === kind)) throw new DomainError('REQUEST_INVALID', { kind, known: UNIT_KINDS.join(' ') });
    await this.get(tenant, deltaId);
    const found = await this.deltas.units({ tenant, deltaId, kind, afterPosition, countMax: pageSize + 1 });
    const units = found.slice(0, pageSize);
    return { units, lastPosition: found.length > pageSize ? units.at(-1)?.position : undefined };
  }
}
