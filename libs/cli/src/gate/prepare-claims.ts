import { DomainError } from '@stella/errors';
import { type Incident, INCIDENTS } from '@stella/incidents';
import { type Claim, claimSentence, parseClaim } from '@stella/policy/claims';
import type { Session } from '../session.js';
import { ensureIncident } from './ensure-incident.js';
import { ensureWitness } from './ensure-witness.js';

const CLAIMS_MAX = 100;

/** The claims as sentences, checked before anything is sent. @throws DomainError CLAIM_INVALID, CLAIMS_TOO_MANY */
export function readClaims(sentences: readonly string[]): readonly Claim[] {
  if (sentences.length > CLAIMS_MAX) throw new DomainError('CLAIMS_TOO_MANY', { claims: String(sentences.length), claimsMax: String(CLAIMS_MAX) });
  return sentences.map(parseClaim);
}

/** Makes sure that each public incident which the release says to fix is known, and recorded on the baseline. */
export async function prepareIncidents(session: Session, claims: readonly Claim[], baselineSha256: string): Promise<void> {
  for (const incident of publicIncidents(claims)) {
    const name = await ensureIncident(session, incident);
    await ensureWitness(session, incident, name, baselineSha256);
  }
}

function publicIncidents(claims: readonly Claim[]): readonly Incident[] {
  const ids = new Set(claims.flatMap((claim) => (claim.kind === 'fixes_incident' ? [claim.incident] : [])));
  // Others are the tenant's own: it has recorded them itself, or the gate says that it has not.
  return INCIDENTS.filter(({ id }) => ids.has(id));
}

export const sentencesOf = (claims: readonly Claim[]): string[] => claims.map(claimSentence);
