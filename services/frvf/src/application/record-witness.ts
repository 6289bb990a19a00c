import { canonicalize, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { type Cap, REPLAYS, type ResourceCaps } from '@stella/witness';
import { draftCore, type Invocation } from '../domain/draft-core.js';
import { resolveCaps } from '../domain/caps.js';
import type { Host } from '../domain/host.js';
import type { Recording } from '../domain/witness.js';
import type { OrderReplay } from './order-replay.js';
import type { ArtifactRegistry, IncidentRepository, Lock, RecordingRepository, ReplayRecords, WorkerHost } from './ports.js';
import type { Repeatable } from './repeatable.js';

export interface RecordWitnessInput {
  readonly tenant: string;
  readonly requestId: string;
  readonly incidentId: string;
  readonly artifactSha256: string;
  readonly invocation: Invocation;
  readonly caps: Partial<ResourceCaps>;
  readonly canonicaliser: string;
  /** Empty: I1. */
  readonly isolation: string;
  readonly expectedCap: Cap | null;
}

/** The only level of isolation that the capsule has. */
const ISOLATION = 'I1';
const DETERMINISM = 'D1';

/** Asks for the runs that a witness is made of. The same recording, under way or done, is the answer to both. */
export class RecordWitness {
  constructor(
    private readonly repeatable: Repeatable,
    private readonly incidents: IncidentRepository,
    private readonly recordings: RecordingRepository,
    private readonly artifacts: ArtifactRegistry,
    private readonly records: ReplayRecords,
    private readonly host: WorkerHost,
    private readonly order: OrderReplay,
    private readonly lock: Lock,
    private readonly newId: () => string,
    private readonly clock: () => Date,
  ) {}

  /**
   * @returns the recording's id
   * @throws DomainError INCIDENT_NOT_FOUND, ARTIFACT_NOT_FOUND, WITNESS_INVALID, CAPS_INVALID, ISOLATION_REFUSED,
   * REPLAY_QUOTA_SPENT, REQUEST_ID_REUSED
   */
  async execute(input: RecordWitnessInput): Promise<string> {
    const { tenant, requestId, incidentId, artifactSha256, canonicaliser, expectedCap } = input;
    if (input.isolation !== '' && input.isolation !== ISOLATION) throw new DomainError('ISOLATION_REFUSED', { isolation: input.isolation });
    const incident = await this.incidents.find({ tenant, id: incidentId });
    if (!incident) throw new DomainError('INCIDENT_NOT_FOUND', { incident: incidentId });
    const { passPredicate } = incident;
    const caps = resolveCaps(input.caps);
    const { draft, blobs } = draftCore({ incident: incidentId, passPredicate, artifactSha256, invocation: input.invocation, caps, canonicaliser });
    const content = { method: 'RecordWitness', draft, canonicaliser, expectedCap };
    const identity = { tenant, requestId, content };
    const earlier = await this.repeatable.earlier(identity);
    if (earlier) return earlier.resource;
    await this.artifacts.require(tenant, artifactSha256);
    const key = recordingKey(content, await this.host.current());
    for (const blob of blobs) await this.records.keep(blob);
    const { resource } = await this.repeatable.once(identity, async (tx) => {
      await this.lock(tx, `recording ${tenant} ${key}`);
      const same = await this.recordings.findByKey(tx, tenant, key);
      if (same) return { resource: same.id, cached: same.state === 'done' };
      const recording: Recording = {
        tenant,
        id: this.newId(),
        key,
        draft,
        canonicaliser,
        isolation: ISOLATION,
        expectedCap,
        state: 'running',
        witnessId: undefined,
        failure: undefined,
        createTime: this.clock(),
      };
      await this.recordings.insert(tx, recording);
      const details = { draft, artifactSha256, canonicaliser, determinism: DETERMINISM, isolation: ISOLATION };
      await this.order.execute(tx, { tenant, purpose: 'recording', subjectId: recording.id, runs: REPLAYS.quick, details });
      return { resource: recording.id, cached: false };
    });
    return resource;
  }
}

/** On another host the same program may fail differently. */
function recordingKey(content: object, { runnerSha256, kernel, cpuModelClass, closure }: Host): string {
  return sha256Hex(canonicalize({ ...content, runnerSha256, kernel, cpuModelClass, closure: closure.map(({ path, sha256 }) => [path, sha256]) }));
}
