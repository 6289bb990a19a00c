import { paginate } from '@stella/client';
import { OperationState, type Witness } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { isDomainError } from '@stella/errors';
import type { Incident } from '@stella/incidents';
import { awaitWork } from '../await-work.js';
import type { Session } from '../session.js';
import { canonicaliserOf } from './ensure-incident.js';

const MEMORY_BYTES = 2n * 1024n ** 3n;

/** Failures that say something about the program, and so about the claim: the gate weighs them. */
const ABOUT_THE_PROGRAM = new Set(['WITNESS_DID_NOT_FAIL', 'WITNESS_NOT_DETERMINISTIC', 'PASS_PREDICATE_INVALID']);

/**
 * Records a public incident on the baseline where no witness of it exists. A baseline that does not fail has none: that
 * is noted and left to the gate, which proves no fix without a witness.
 * @throws DomainError WORK_FAILED where the recording could not be made
 */
export async function ensureWitness(session: Session, incident: Incident, incidentName: string, baselineSha256: string): Promise<Witness | undefined> {
  const known = await findWitness(session, incidentName, baselineSha256);
  if (known) return known;
  const { frvf } = await session.client();
  const { witness } = await frvf.recordWitness(
    {
      incident: incidentName,
      artifactSha256: baselineSha256,
      invocation: { args: [...incident.args], stdin: Buffer.from(incident.stdin), files: [], environment: {} },
      // 0: the service's default.
      caps: { cpuMs: 0n, wallMs: 0n, memoryBytes: MEMORY_BYTES, pids: 0, outputBytes: 0n },
      canonicaliser: canonicaliserOf(incident),
      isolation: 'I1',
    },
    session.call,
  );
  try {
    return await awaitWork(session, `recording ${incident.id}`, witness, async (name, waitMs) => (await frvf.getWitness({ name, waitMs }, session.call)).witness);
  } catch (error) {
    if (!isDomainError(error, 'WORK_FAILED') || !ABOUT_THE_PROGRAM.has(error.facts['reason'] ?? '')) throw error;
    session.output.note(`no witness of ${incident.id} on this baseline: ${error.facts['reason']}, ${error.facts['detail']}`);
    return undefined;
  }
}

async function findWitness(session: Session, incident: string, artifactSha256: string): Promise<Witness | undefined> {
  const { frvf } = await session.client();
  for await (const witness of paginate(frvf.listWitnesses, { incident }, (page) => page.witnesses, session.call)) {
    if (witness.artifactSha256 === artifactSha256 && witness.state === OperationState.OPERATION_STATE_DONE) return witness;
  }
  return undefined;
}
