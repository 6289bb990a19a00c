import { type PublicKey, publicKeyFromSpki } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { type LogIdentity, type NoteKey, type NoteKeyType, parseVerifierKey } from '@stella/transparency-log';

/** What the operator enters of another node, as that node says of itself. */
export interface PeerTerms {
  readonly organisation: string;
  readonly origin: string;
  readonly logKey: NoteKey;
  readonly cosignerKey: NoteKey;
  /** Keys that sign its evidence; empty: nothing that it says can be checked. */
  readonly evidenceKeys: readonly PublicKey[];
  readonly grpcAddress: string;
  /** `http(s)://host[:port]`, without a path. */
  readonly httpAddress: string;
  readonly sameOperator: boolean;
  readonly development: boolean;
}

export interface Peering extends PeerTerms {
  readonly id: string;
  readonly tenant: string;
  readonly state: 'active' | 'frozen';
  readonly frozenReason: string | undefined;
  /** The last checkpoint accepted and cosigned, byte for byte. */
  readonly seenCheckpoint: Uint8Array | undefined;
  /** Entries verified and stored. */
  readonly verifiedSize: number;
  readonly lastPullTime: Date | undefined;
}

/** The node itself, to know its own in others. */
export interface OwnIdentity {
  readonly organisation: string;
  readonly origin: string;
  readonly development: boolean;
  /** Fingerprints of all its keys. */
  readonly keys: ReadonlySet<string>;
}

export interface RawPeerTerms {
  readonly organisation: string;
  readonly origin: string;
  readonly logKey: string;
  readonly cosignerKey: string;
  readonly evidenceKeys: readonly Uint8Array[];
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly sameOperator: boolean;
  readonly development: boolean;
}

/** @throws DomainError `PEERING_INVALID` with the field */
export function readPeerTerms(raw: RawPeerTerms, own: OwnIdentity): PeerTerms {
  if (raw.origin === own.origin) return invalid('origin', 'it is the own log');
  const logKey = verifierKey('log_key', raw.logKey, 'ed25519');
  if (logKey.name !== raw.origin) return invalid('log_key', 'its name is not the origin');
  return {
    organisation: raw.organisation,
    origin: raw.origin,
    logKey,
    cosignerKey: verifierKey('cosigner_key', raw.cosignerKey, 'cosignature'),
    evidenceKeys: raw.evidenceKeys.map(evidenceKey),
    grpcAddress: raw.grpcAddress,
    httpAddress: httpAddress(raw.httpAddress),
    sameOperator: raw.sameOperator,
    development: raw.development,
  };
}

export function logIdentityOf({ origin, logKey }: PeerTerms): LogIdentity {
  return { origin, keys: [logKey] };
}

/**
 * A node of the same operator shows that the machinery works, never that somebody else agrees: by its label, by its
 * organisation, by a key in common, and whenever one of the two nodes runs with development keys.
 */
export function isSameOperator(peer: PeerTerms, own: OwnIdentity): boolean {
  const keys = [peer.logKey.publicKey, peer.cosignerKey.publicKey, ...peer.evidenceKeys];
  return peer.sameOperator || peer.development || own.development || peer.organisation === own.organisation || keys.some(({ fingerprint }) => own.keys.has(fingerprint));
}

function verifierKey(field: string, text: string, type: NoteKeyType): NoteKey {
  const key = readKey(field, () => parseVerifierKey(text));
  return key.type === type ? key : invalid(field, `a key of type ${type} is expected`);
}

function evidenceKey(spki: Uint8Array): PublicKey {
  return readKey('evidence_keys', () => publicKeyFromSpki(spki));
}

function readKey<K>(field: string, read: () => K): K {
  try {
    return read();
  } catch (error) {
    if (isDomainError(error)) return invalid(field, error.facts['problem'] ?? error.message);
    throw error;
  }
}

function httpAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isPlain ? url.origin : invalid('http_address', 'http(s)://host[:port] is expected');
}

function invalid(field: string, problem: string): never {
  throw new DomainError('PEERING_INVALID', { field, problem });
}
