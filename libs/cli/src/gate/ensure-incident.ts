import { createHash } from 'node:crypto';
import { isStellaError } from '@stella/client/errors';
import type { Incident } from '@stella/incidents';
import { canonicaliser } from '@stella/witness/canonicalisers';
import { incidentTitle } from '../releases/release-names.js';
import type { Session } from '../session.js';

/** What removes from the outputs of an incident's program what differs between equal runs. */
export function canonicaliserOf({ kind }: Incident): 'go-panic/1' | 'identity/1' {
  return kind === 'go-panic' ? 'go-panic/1' : 'identity/1';
}

/** Registers a public incident where the tenant does not have it; gives its resource name. */
export async function ensureIncident(session: Session, incident: Incident): Promise<string> {
  const { frvf } = await session.client();
  const name = `incidents/${incident.id}`;
  try {
    await frvf.getIncident({ name }, session.call);
  } catch (error) {
    if (!isStellaError(error, 'INCIDENT_NOT_FOUND')) throw error;
    session.output.progress(`registering ${name}`);
    const { stdout } = canonicaliser(canonicaliserOf(incident))({ stdout: Buffer.from(incident.pass.stdout), stderr: Buffer.alloc(0) });
    const passPredicate = { exitCode: incident.pass.exitCode, stdoutSha256: createHash('sha256').update(stdout).digest('hex') };
    await frvf.createIncident({ incidentId: incident.id, title: incidentTitle(incident), passPredicate }, session.call);
  }
  return name;
}
