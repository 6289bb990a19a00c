import type { KeyAlgorithm, KeyRole } from '@stella/attestation';

/** A private key of an installation: whose it is, what for, and as what a trust root lists it. */
export interface KeyUse {
  /** `<folder>/<name>-key.pem`; the folder is the service whose secret it becomes. */
  readonly folder: string;
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly role: KeyRole;
  /** What partners list of it in their own roots. */
  readonly isForPartners: boolean;
}

/** Every service has keys of its own, so that whoever takes one over signs nothing in another's name. */
export const KEY_USES = [
  { folder: 'psdi', name: 'evidence', algorithm: 'ed25519', role: 'evidence', isForPartners: true },
  { folder: 'frvf', name: 'evidence', algorithm: 'ed25519', role: 'evidence', isForPartners: true },
  { folder: 'fbpe', name: 'evidence', algorithm: 'ed25519', role: 'evidence', isForPartners: true },
  { folder: 'fbpe', name: 'log', algorithm: 'ed25519', role: 'log', isForPartners: true },
  { folder: 'fbpe', name: 'cosigner', algorithm: 'ed25519', role: 'witness', isForPartners: true },
  // P-256: what every tool that reads attestations can verify.
  { folder: 'gate', name: 'verdict', algorithm: 'ecdsa-p256-sha256', role: 'verdict', isForPartners: false },
  { folder: 'gate', name: 'policy', algorithm: 'ed25519', role: 'policy', isForPartners: false },
  { folder: 'gate', name: 'revocation', algorithm: 'ed25519', role: 'revocation', isForPartners: false },
  { folder: 'publisher', name: 'publisher', algorithm: 'ed25519', role: 'pack-publisher', isForPartners: false },
] as const satisfies readonly KeyUse[];

/** Signs trust roots and nothing else; no service has it. */
export const ROOT_KEY_PATH = 'root/root-key.pem';

/** `gate/verdict` */
export function useName({ folder, name }: Pick<KeyUse, 'folder' | 'name'>): string {
  return `${folder}/${name}`;
}

export function keyPath({ folder, name }: Pick<KeyUse, 'folder' | 'name'>): string {
  return `${folder}/${name}-key.pem`;
}
