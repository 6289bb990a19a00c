import { join } from 'node:path';
import { PREDICATE_TYPES, type PublicKey, verifyStatement } from '@stella/attestation';
import { isStellaError } from '@stella/client/errors';
import type { Pack } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { DomainError } from '@stella/errors';
import { fileAt } from '../io/files.js';
import type { Session } from '../session.js';
import { manifestIn } from './sign.js';

export interface PackToPublish {
  readonly envelope: Buffer;
  readonly publicKey: PublicKey;
  /** Where the files are, by their paths in the manifest. */
  readonly folder: string;
}

/**
 * Takes the namespace, registers the key, sends what the marketplace lacks and finalizes. Safe to repeat.
 * @throws DomainError SIGNATURE_UNVERIFIED before anything is sent; StellaError
 */
export async function publishPack(session: Session, { envelope, publicKey, folder }: PackToPublish): Promise<Pack> {
  verifyStatement(envelope, [publicKey], { predicateType: PREDICATE_TYPES.packManifest });
  const { name, files } = manifestIn(envelope);
  const client = await session.client();
  const { marketplace } = client;
  const namespaceId = name.split('/')[0] ?? '';
  const parent = `namespaces/${namespaceId}`;
  await takeNamespace(session, namespaceId);
  await marketplace.registerKey({ parent, spkiDer: Buffer.from(publicKey.spki) }, session.call);
  const declared = files.map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes: BigInt(sizeBytes) }));
  const { upload, missingSha256 } = await marketplace.createUpload({ parent, files: declared }, session.call);
  const missing = new Map(files.filter(({ sha256 }) => missingSha256.includes(sha256)).map((file) => [file.sha256, file]));
  for (const [sha256, { path }] of missing) {
    if (!(await fileAt({ cwd: folder }, path))) throw new DomainError('FILE_UNREADABLE', { path: join(folder, path), problem: 'the manifest names it, and it is not there' });
    session.output.progress(`sending ${path}`);
    await client.uploadPackFile({ upload, sha256, path: join(folder, path) }, session.call);
  }
  session.output.progress('checking');
  const { pack } = await marketplace.finalizeUpload({ upload, manifestEnvelope: envelope }, session.call);
  if (!pack) throw new DomainError('ANSWER_INCOMPLETE', { call: 'FinalizeUpload' });
  return pack;
}

/** One that is taken may be ours; whose it is shows when the key is registered. */
async function takeNamespace(session: Session, namespaceId: string): Promise<void> {
  const { marketplace } = await session.client();
  try {
    await marketplace.createNamespace({ namespaceId }, session.call);
  } catch (error) {
    if (!isStellaError(error, 'NAMESPACE_TAKEN')) throw error;
  }
}
