import { createHash } from 'node:crypto';
import { resolve, sep } from 'node:path';
import { PREDICATE_TYPES, type PublicKey, verifyStatement } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import type { Session } from '../session.js';
import { type PackManifest } from './manifest.js';
import { manifestIn } from './sign.js';

export interface PullRequest {
  /** `namespaces/{id}/packs/{pack}/versions/{semver}`. */
  readonly pack: string;
  readonly folder: string;
  /** Whose signature is asked for; without it the digests are only as good as the service. */
  readonly publicKey: PublicKey | undefined;
}

/**
 * Fetches every file of a pack; each is kept only if it has the size and digest of the signed manifest.
 * @throws DomainError SIGNATURE_UNVERIFIED, PULL_PATH_REFUSED, BLOB_DIGEST_MISMATCH, FILE_NOT_WRITTEN
 */
export async function pullPack(session: Session, { pack: name, folder, publicKey }: PullRequest): Promise<readonly string[]> {
  const { marketplace } = await session.client();
  const { pack } = await marketplace.getPack({ name }, session.call);
  if (!pack?.manifest) throw new DomainError('ANSWER_INCOMPLETE', { call: 'GetPack' });
  const envelope = pack.manifest.envelope;
  if (publicKey) verifyStatement(envelope, [publicKey], { predicateType: PREDICATE_TYPES.packManifest });
  const manifest = manifestIn(envelope);
  requireSame(name, manifest);
  const targets = manifest.files.map((file) => ({ file, target: inside(folder, file.path) }));
  const written: string[] = [];
  for (const { file, target } of targets) {
    session.output.progress(`fetching ${file.path}`);
    const parts = marketplace.downloadFile({ pack: name, path: file.path }, session.call);
    written.push(await writeOutput(session.io, target, checked(parts, file), { isNew: false }));
  }
  return written;
}

/** The manifest of another pack, or of an older version, is signed just as well. */
function requireSame(name: string, manifest: PackManifest): void {
  const [publisher = '', pack = ''] = manifest.name.split('/');
  const signed = `namespaces/${publisher}/packs/${pack}/versions/${manifest.version}`;
  if (signed !== name) throw new DomainError('PACK_MANIFEST_INVALID', { problem: 'the manifest is of another pack', expected: name, actual: signed });
}

function inside(folder: string, path: string): string {
  const target = resolve(folder, path);
  if (!target.startsWith(`${resolve(folder)}${sep}`)) throw new DomainError('PULL_PATH_REFUSED', { path });
  return target;
}

/** Passes bytes on, and throws before the end where they are not those of the manifest, so that no file comes to be. */
async function* checked(parts: AsyncIterable<{ readonly chunk?: { readonly data: Uint8Array } | undefined }>, { path, sha256, sizeBytes }: PackManifest['files'][number]): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let seenBytes = 0;
  for await (const { chunk } of parts) {
    const data = chunk?.data ?? new Uint8Array();
    seenBytes += data.length;
    if (seenBytes > Math.min(sizeBytes, limits.pulledFileBytesMax)) throw mismatch(path, { sizeBytes: `more than ${sizeBytes}` });
    hash.update(data);
    yield data;
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) throw mismatch(path, { expected: sha256, actual });
}

function mismatch(path: string, facts: Readonly<Record<string, string>>): DomainError {
  return new DomainError('BLOB_DIGEST_MISMATCH', { path, ...facts });
}
