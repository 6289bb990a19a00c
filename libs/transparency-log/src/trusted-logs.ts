import { independentOrganisations, isValidAt, type NamedKey, trustedKey, type TrustRootContent } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { LogIdentity, VerifiedCheckpoint } from './checkpoint.js';
import { type NoteKey, noteKey, type NoteKeyType } from './note-key.js';

/**
 * The log of this origin as a trust root lists it, with the keys that are valid at a time.
 * @throws DomainError `TLOG_NOTE_UNVERIFIED` if the root lists none
 */
export function trustedLog(root: TrustRootContent, origin: string, at: Date): LogIdentity {
  const keys = noteKeys(root, root.logs.filter(({ name }) => name === origin), 'ed25519', at);
  if (keys.length === 0) throw new DomainError('TLOG_NOTE_UNVERIFIED', { problem: 'log not listed', origin });
  return { origin, keys };
}

export function trustedWitnesses(root: TrustRootContent, at: Date): NoteKey[] {
  return noteKeys(root, root.witnesses, 'cosignature', at);
}

/**
 * Organisations whose witnesses cosigned. One organisation counts once, whatever number of witnesses it runs, and the
 * log's own organisation does not count.
 */
export function witnessingOrganisations(
  root: TrustRootContent,
  { cosignatures }: VerifiedCheckpoint,
  log: LogIdentity,
  at: Date,
): Set<string> {
  const organisations = independentOrganisations(root, 'witness', cosignatures.map(({ key }) => key.publicKey), at);
  for (const { publicKey } of log.keys) {
    const own = trustedKey(root, publicKey.fingerprint)?.organisation;
    if (own !== undefined) organisations.delete(own);
  }
  return organisations;
}

/** @throws DomainError `TLOG_WITNESSES_MISSING`; also where the root sets no threshold, which would be "none needed" */
export function requireWitnessed(root: TrustRootContent, checkpoint: VerifiedCheckpoint, log: LogIdentity, at: Date): void {
  const needed = root.thresholds.find(({ role }) => role === 'witness')?.organisations;
  const found = witnessingOrganisations(root, checkpoint, log, at);
  if (needed === undefined || found.size < needed) {
    throw new DomainError('TLOG_WITNESSES_MISSING', {
      organisations: [...found].sort().join(' '),
      needed: String(needed ?? 'not set'),
    });
  }
}

function noteKeys(root: TrustRootContent, named: readonly NamedKey[], type: NoteKeyType, at: Date): NoteKey[] {
  return named.flatMap(({ name, fingerprint }) => {
    const key = trustedKey(root, fingerprint);
    return key !== undefined && isValidAt(key, at) ? [noteKey(name, type, key.publicKey)] : [];
  });
}
