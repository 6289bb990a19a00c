import { CLOCK_SKEW_MS, type NamedKey, type Threshold, type TrustedKey, type TrustRootContent, type TrustRootInput } from '@stella/attestation';
import type { InstallationCard } from '../keys/installation-card.js';
import { useName } from '../keys/key-uses.js';

export interface RootPlan {
  readonly own: InstallationCard;
  readonly partners: readonly InstallationCard[];
  /** What was in force before: its version is raised, and keys that it lists and that were rotated stay until their end. */
  readonly previous: TrustRootContent | undefined;
  /** Organisations of the previous root that are believed no more. */
  readonly without: readonly string[];
  readonly now: Date;
  readonly validMs: number;
  /** How many organisations must have cosigned a checkpoint; 0: the root asks for none; undefined: as before. */
  readonly witnessesMin: number | undefined;
}

/**
 * The next trust root of an installation: everything that it signs itself, and of partners what they say as evidence and
 * as witnesses. Whoever the previous root lists and no card speaks of stays as he was.
 */
export function planRoot(plan: RootPlan): TrustRootInput {
  const { own, partners, previous, without, now, validMs, witnessesMin } = plan;
  const validUntil = new Date(now.getTime() + validMs);
  const named = [own, ...partners];
  const current = named.flatMap((card) => keysOf(card, card === own, previous, now, validUntil));
  const isCurrent = ({ publicKey }: TrustedKey): boolean => current.some((key) => key.publicKey.fingerprint === publicKey.fingerprint);
  const kept = (previous?.keys ?? []).filter((key) => !isCurrent(key) && !without.includes(key.organisation) && key.validUntil > now);
  const keys = [...current, ...kept];
  const isListed = ({ fingerprint }: NamedKey): boolean => keys.some(({ publicKey }) => publicKey.fingerprint === fingerprint);
  return {
    profile: 'production',
    version: (previous?.version ?? 0) + 1,
    issuedAt: now,
    validUntil,
    keys,
    logs: distinct([...named.map((card) => namedKey(card, 'log', card.logOrigin)), ...(previous?.logs ?? []).filter(isListed)]),
    witnesses: distinct([...named.map((card) => namedKey(card, 'cosigner', card.cosignerName)), ...(previous?.witnesses ?? []).filter(isListed)]),
    thresholds: thresholdsOf(witnessesMin, previous),
  };
}

/** Whether a new root would say anything that the previous one does not, or the previous one nears its end. */
export function isWorthIssuing(next: TrustRootInput, previous: TrustRootContent, now: Date): boolean {
  const leftMs = previous.validUntil.getTime() - now.getTime();
  return leftMs < (next.validUntil.getTime() - now.getTime()) / 2 || meaningOf(next) !== meaningOf(previous);
}

function keysOf(card: InstallationCard, isOwn: boolean, previous: TrustRootContent | undefined, now: Date, validUntil: Date): TrustedKey[] {
  return card.keys
    .filter(({ use }) => isOwn || use.isForPartners)
    .map(({ use, publicKey }) => ({
      name: `${card.organisation}/${useName(use)}/${publicKey.fingerprint.slice(0, 12)}`,
      publicKey,
      organisation: card.organisation,
      ...(use.role === 'verdict' ? { verifierId: card.verifierId } : {}),
      roles: [use.role],
      // What a key signed before the root was built again stays signed in its time; and clocks differ.
      validFrom: previous?.keys.find((key) => key.publicKey.fingerprint === publicKey.fingerprint)?.validFrom ?? new Date(now.getTime() - CLOCK_SKEW_MS),
      validUntil,
    }));
}

function namedKey(card: InstallationCard, name: 'log' | 'cosigner', as: string): NamedKey {
  return { name: as, fingerprint: card.keys.find(({ use }) => use.folder === 'fbpe' && use.name === name)?.publicKey.fingerprint ?? '' };
}

function thresholdsOf(witnessesMin: number | undefined, previous: TrustRootContent | undefined): readonly Threshold[] {
  if (witnessesMin === undefined) return previous?.thresholds ?? [];
  const others = (previous?.thresholds ?? []).filter(({ role }) => role !== 'witness');
  return witnessesMin > 0 ? [...others, { role: 'witness', organisations: witnessesMin }] : others;
}

function distinct(named: readonly NamedKey[]): NamedKey[] {
  return [...new Map(named.map((one) => [`${one.name} ${one.fingerprint}`, one])).values()];
}

/** Everything but version and times. */
function meaningOf({ keys, logs, witnesses, thresholds }: TrustRootContent): string {
  const sorted = (lines: readonly string[]): string[] => [...lines].sort();
  return JSON.stringify([
    sorted(keys.map(({ name, publicKey, organisation, verifierId, roles }) => JSON.stringify([name, publicKey.fingerprint, organisation, verifierId ?? '', [...roles].sort()]))),
    sorted(logs.map(({ name, fingerprint }) => `${name} ${fingerprint}`)),
    sorted(witnesses.map(({ name, fingerprint }) => `${name} ${fingerprint}`)),
    thresholds,
  ]);
}
