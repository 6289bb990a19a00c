import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDevelopmentTrustRoot, type KeyPair, type KeyRole, parseDevelopmentTrustRoot, type TrustedKey } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import type { DevelopmentClient } from '@stella/platform-auth';
import { KeyFolder } from '@stella/platform-keys';

const VALIDITY_MS = 365 * 24 * 3_600_000;
const ORGANISATION = /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*$/;
const SERVICES = ['marketplace', 'frvf', 'replay-worker', 'csfg', 'psdi', 'fbpe', 'gate'] as const;

/** The keys of an installation by their use. */
export interface InstallationKeys {
  readonly psdi: KeyPair;
  readonly frvf: KeyPair;
  readonly fbpe: KeyPair;
  readonly log: KeyPair;
  readonly cosigner: KeyPair;
  /** P-256: what every tool that reads attestations can verify. */
  readonly verdict: KeyPair;
  readonly policy: KeyPair;
  readonly revocation: KeyPair;
  readonly publisher: KeyPair;
  readonly identity: KeyPair;
}

/** The files that hold them, in the folder of keys. */
export const KEY_FILES: readonly string[] = ['psdi', 'frvf', 'fbpe', 'log', 'cosigner', 'verdict', 'policy', 'revocation', 'publisher', 'identity'].map((name) => `${name}.pem`);

/** What an embedded installation is, on disk: keys, secrets, the trust root. Made once, then found again. */
export interface Installation {
  readonly folder: string;
  readonly organisation: string;
  readonly tenant: string;
  readonly origin: string;
  readonly verifierId: string;
  readonly keys: InstallationKeys;
  readonly trustRoot: Uint8Array;
  readonly trustRootPath: string;
  /** The account made for people and pipelines. */
  readonly account: DevelopmentClient;
  readonly serviceAccounts: readonly DevelopmentClient[];
}

/** @throws DomainError CONFIG_INVALID when the folder belongs to another organisation */
export async function openInstallation(folder: string, organisation: string, now: Date): Promise<Installation> {
  if (!ORGANISATION.test(organisation)) throw new DomainError('CONFIG_INVALID', { problems: `not an organisation: ${organisation.slice(0, 100)}` });
  // Others pass through, to the database's folder; what is secret lies in folders of its own.
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await keepOrganisation(folder, organisation);
  const keys = await openKeys(join(folder, 'keys'));
  const verifierId = `https://${organisation}/stella/gate`;
  const origin = `${organisation}/stella/log`;
  const trustRootPath = join(folder, 'trust-root.json');
  const trustRoot = await keepTrustRoot(trustRootPath, organisation, origin, verifierId, keys, now);
  const client = async (clientId: string, role: 'operator' | 'service'): Promise<DevelopmentClient> => ({
    clientId,
    clientSecret: await keepSecret(join(folder, 'keys', `${clientId}.secret`)),
    tenant: organisation,
    organisation,
    roles: [role],
  });
  return {
    folder,
    organisation,
    tenant: organisation,
    origin,
    verifierId,
    keys,
    trustRoot,
    trustRootPath,
    account: await client('operator', 'operator'),
    serviceAccounts: await Promise.all(SERVICES.map((name) => client(`service-${name}`, 'service'))),
  };
}

async function openKeys(folder: string): Promise<InstallationKeys> {
  const keys = await KeyFolder.open(folder);
  const ed25519 = (name: string) => keys.keyPair(name, 'ed25519');
  return {
    psdi: await ed25519('psdi'),
    frvf: await ed25519('frvf'),
    fbpe: await ed25519('fbpe'),
    log: await ed25519('log'),
    cosigner: await ed25519('cosigner'),
    verdict: await keys.keyPair('verdict', 'ecdsa-p256-sha256'),
    policy: await ed25519('policy'),
    revocation: await ed25519('revocation'),
    publisher: await ed25519('publisher'),
    identity: await ed25519('identity'),
  };
}

async function keepTrustRoot(path: string, organisation: string, origin: string, verifierId: string, keys: InstallationKeys, now: Date): Promise<Uint8Array> {
  const found = await readIfThere(path);
  if (found && isInForce(found, now)) return found;
  const validUntil = new Date(now.getTime() + VALIDITY_MS);
  const key = (name: string, pair: KeyPair, roles: readonly KeyRole[], extra: Partial<TrustedKey> = {}): TrustedKey => ({
    name: `dev:${name}`,
    publicKey: pair.publicKey,
    organisation,
    roles,
    validFrom: now,
    validUntil,
    ...extra,
  });
  const root = buildDevelopmentTrustRoot({
    profile: 'development',
    version: Math.floor(now.getTime() / 1000),
    issuedAt: now,
    validUntil,
    keys: [
      key('psdi', keys.psdi, ['evidence']),
      key('frvf', keys.frvf, ['evidence']),
      key('fbpe', keys.fbpe, ['evidence']),
      key('log', keys.log, ['log']),
      key('cosigner', keys.cosigner, ['witness']),
      key('verdict', keys.verdict, ['verdict'], { verifierId }),
      key('policy', keys.policy, ['policy']),
      key('revocation', keys.revocation, ['revocation']),
      key('publisher', keys.publisher, ['pack-publisher']),
    ],
    logs: [{ name: origin, fingerprint: keys.log.keyId }],
    witnesses: [{ name: `${organisation}/stella/cosigner`, fingerprint: keys.cosigner.keyId }],
    thresholds: [],
  });
  await writeWhole(path, root, 0o644);
  return root;
}

function isInForce(root: Uint8Array, now: Date): boolean {
  try {
    parseDevelopmentTrustRoot(root, now);
    return true;
  } catch (error) {
    if (isDomainError(error, 'TRUST_ROOT_EXPIRED')) return false;
    throw error;
  }
}

async function keepOrganisation(folder: string, organisation: string): Promise<void> {
  const path = join(folder, 'organisation');
  const found = (await readIfThere(path))?.toString('utf8').trim();
  if (found === undefined) return writeWhole(path, Buffer.from(`${organisation}\n`), 0o644);
  if (found !== organisation) throw new DomainError('CONFIG_INVALID', { problems: `the folder belongs to ${found}, not to ${organisation}`, folder });
}

async function keepSecret(path: string): Promise<string> {
  const found = await readIfThere(path);
  if (found) return found.toString('utf8');
  const secret = randomBytes(24).toString('base64url');
  await writeWhole(path, Buffer.from(secret), 0o600);
  return secret;
}

async function writeWhole(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await writeFile(`${path}.${process.pid}`, bytes, { mode, flush: true });
  await rename(`${path}.${process.pid}`, path);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
