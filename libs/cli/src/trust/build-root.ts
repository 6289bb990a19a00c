import { join } from 'node:path';
import { KeyPair, type PublicKey, publicKeyFromPem, publicKeyToPem, requireTrustRootNotOlder, signTrustRoot, type TrustRoot, verifyTrustRoot } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { CliIo } from '../io/cli-io.js';
import { fileAt, readInput, writeOutput } from '../io/files.js';
import { parseCard } from '../keys/installation-card.js';
import { limits } from '../limits.js';
import { isWorthIssuing, planRoot } from './plan-root.js';

export interface BuildOptions {
  readonly card: string;
  readonly rootKey: string;
  readonly out: string;
  readonly partner?: readonly string[];
  readonly without?: readonly string[];
  readonly earlierRootKey?: readonly string[];
  readonly validMs: number;
  readonly witnesses?: number;
}

export interface BuiltRoot {
  readonly root: TrustRoot;
  readonly trustRoot: string;
  readonly rootKeys: string;
  readonly isNew: boolean;
}

/**
 * Signs the root that follows the one in the folder, if it differs from it or that one nears its end.
 * @throws DomainError FILE_…, KEY_MALFORMED, DOCUMENT_SHAPE_INVALID, TRUST_ROOT_…, SIGNATURE_UNVERIFIED for a previous
 *   root that none of the given root keys signed
 */
export async function buildRoot(io: Pick<CliIo, 'cwd' | 'now'>, options: BuildOptions): Promise<BuiltRoot> {
  const { out, validMs, witnesses: witnessesMin, without = [] } = options;
  const paths = { trustRoot: join(out, 'trust-root.json'), rootKeys: join(out, 'root-keys.pem') };
  const text = async (path: string): Promise<string> => (await readInput(io, path, limits.keyBytesMax)).toString('utf8');
  const card = async (path: string) => parseCard(await readInput(io, path, limits.connectionBytesMax));
  const rootKey = KeyPair.fromPem(await text(options.rootKey));
  const pinned = [rootKey.publicKey, ...(await Promise.all((options.earlierRootKey ?? []).map(async (path) => publicKeyFromPem(await text(path)))))];
  const now = io.now();
  const previous = await previousRoot(io, paths.trustRoot, pinned);
  const own = await card(options.card);
  const partners = await Promise.all((options.partner ?? []).map(card));
  const next = planRoot({ own, partners, previous, without, now, validMs, witnessesMin });
  const isSameSigner = previous?.signedBy?.fingerprint === rootKey.keyId;
  const isNew = previous === undefined || !isSameSigner || isWorthIssuing(next, previous, now);
  const root = isNew ? await issue(io, paths.trustRoot, next, rootKey, previous, now) : previous;
  await writeOutput(io, paths.rootKeys, Buffer.from(pinned.map(publicKeyToPem).join('')));
  return { root, ...paths, isNew };
}

async function issue(io: Pick<CliIo, 'cwd'>, path: string, next: Parameters<typeof signTrustRoot>[0], rootKey: KeyPair, previous: TrustRoot | undefined, now: Date): Promise<TrustRoot> {
  const envelope = await signTrustRoot(next, rootKey);
  const root = verifyTrustRoot(envelope, [rootKey.publicKey], now);
  if (previous) requireTrustRootNotOlder(previous, root);
  await writeOutput(io, path, envelope);
  return root;
}

/** Also one that has expired: what follows it must still have a higher version. */
async function previousRoot(io: Pick<CliIo, 'cwd' | 'now'>, path: string, pinned: readonly PublicKey[]): Promise<TrustRoot | undefined> {
  if (!(await fileAt(io, path))) return undefined;
  const envelope = await readInput(io, path, limits.documentBytesMax);
  try {
    return verifyTrustRoot(envelope, pinned, io.now());
  } catch (error) {
    if (!isDomainError(error, 'TRUST_ROOT_EXPIRED')) throw error;
    return verifyTrustRoot(envelope, pinned, new Date(error.facts['issuedAt'] ?? ''));
  }
}
