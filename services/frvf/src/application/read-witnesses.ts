import { DomainError } from '@stella/errors';
import { recordingName, type Recording, type Witness } from '../domain/witness.js';
import { awaitEnd } from './await-change.js';
import { type Page, pageOf, type Position } from './page.js';
import type { Changes, Key, RecordingRepository, WitnessRepository } from './ports.js';

export class ReadWitnesses {
  constructor(
    private readonly witnesses: WitnessRepository,
    private readonly recordings: RecordingRepository,
    private readonly changes: Changes,
  ) {}

  /** @throws DomainError WITNESS_NOT_FOUND */
  async one(key: Key): Promise<Witness> {
    const found = await this.witnesses.find(key);
    if (!found) throw new DomainError('WITNESS_NOT_FOUND', { witness: key.id });
    return found;
  }

  /** The witness that a recording gave, or the recording as it is once it has ended within the time. @throws DomainError WITNESS_NOT_FOUND */
  async recorded(key: Key, wait: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Witness | Recording> {
    const recording = await awaitEnd(this.changes, recordingName(key.id), wait, async () => {
      const value = await this.recordings.find(key);
      if (!value) throw new DomainError('WITNESS_NOT_FOUND', { witness: recordingName(key.id) });
      return { value, isEnded: value.state !== 'running' };
    });
    return recording.witnessId === undefined ? recording : this.one({ tenant: key.tenant, id: recording.witnessId });
  }

  page(tenant: string, incidentId: string | undefined, after: Position | undefined, size: number): Promise<Page<Witness>> {
    return pageOf(size, (countMax) => this.witnesses.page({ tenant, incidentId, after, countMax }));
  }
}
