import { PREDICATE_TYPES } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { REPLAYS } from '@stella/witness';
import type { Failure } from '../domain/failure.js';
import { judgeRecording } from '../domain/judge-recording.js';
import type { Replay, ReplayAnswer } from '../domain/replay.js';
import { recordingName, type Witness } from '../domain/witness.js';
import type { ReplayCompletion } from './answer-replay.js';
import type { Changes, EvidenceStore, IncidentRepository, RecordingRepository, ReplayFacts, ReplayRecords, WitnessRepository } from './ports.js';

/** Makes a signed witness of the runs of a recording, or says why they are none. */
export class CompleteRecording implements ReplayCompletion<Witness> {
  constructor(
    private readonly recordings: RecordingRepository,
    private readonly witnesses: WitnessRepository,
    private readonly incidents: IncidentRepository,
    private readonly records: ReplayRecords,
    private readonly evidence: EvidenceStore,
    private readonly facts: ReplayFacts,
    private readonly changes: Changes,
    private readonly clock: () => Date,
  ) {}

  async prepare({ tenant, subjectId }: Replay, { outcomesSha256, host }: ReplayAnswer): Promise<Witness> {
    const recording = await this.recordings.find({ tenant, id: subjectId });
    if (!recording || !host) throw new DomainError('INTERNAL', { recording: subjectId });
    const { draft, canonicaliser, expectedCap, isolation } = recording;
    const runs = await this.records.runs(outcomesSha256, canonicaliser);
    const judged = judgeRecording({ draft, canonicaliser, expectedCap, host, runs, runsAsked: REPLAYS.quick });
    const { witnessId } = judged.witness;
    const known = await this.witnesses.find({ tenant, id: witnessId });
    if (known) return known;
    return {
      tenant,
      id: witnessId,
      incidentId: draft.incident,
      artifactSha256: draft.artifactSha256,
      canonicaliser,
      determinism: judged.determinism,
      determinismReason: judged.determinismReason,
      isolation,
      evidenceSha256: await this.evidence.sign(PREDICATE_TYPES.microWitness, draft.artifactSha256, judged.witness),
      stack: judged.stack,
      createTime: this.clock(),
    };
  }

  async commit(tx: Tx, { tenant, subjectId }: Replay, witness: Witness): Promise<void> {
    const isNew = await this.witnesses.insert(tx, witness);
    await this.recordings.finish(tx, { tenant, id: subjectId }, { witnessId: witness.id });
    await this.facts.witnessRecorded(tx, witness, isNew);
    const waitedMs = await this.incidents.reached(tx, witness, 'witness', witness.createTime);
    if (waitedMs !== undefined) this.facts.incidentReached(tx, 'witness', waitedMs);
    await this.#announce(tx, subjectId);
  }

  async fail(tx: Tx, { tenant, subjectId }: Replay, failure: Failure): Promise<void> {
    await this.recordings.finish(tx, { tenant, id: subjectId }, { failure });
    this.facts.recordingFailed(tx, { tenant, id: subjectId }, failure);
    await this.#announce(tx, subjectId);
  }

  #announce(tx: Tx, id: string): Promise<void> {
    return this.changes.announce(tx, recordingName(id));
  }
}
