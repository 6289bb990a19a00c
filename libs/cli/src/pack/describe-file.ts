import { stat } from 'node:fs/promises';
import { DomainError, isDomainError } from '@stella/errors';
import { identify, type Identity } from '@stella/native';
import { sha256OfPath } from '../io/sha256-of-path.js';
import { limits } from '../limits.js';
import { elfContent } from './elf-content.js';

export interface ManifestFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly format: string;
  readonly identifiers: readonly { readonly kind: string; readonly value: string }[];
}

export interface FileReading {
  readonly file: ManifestFile;
  /** Of an ELF file. */
  readonly identity: Identity | undefined;
}

/** What a manifest says of a file, as read from the file itself. @throws DomainError FILE_UNREADABLE, PACK_TOO_LARGE before the file is read, and as `identify` */
export async function describeFile(path: string, packPath: string, signal?: AbortSignal): Promise<FileReading> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) throw new DomainError('FILE_UNREADABLE', { path, problem: 'not a file' });
  if (stats.size > limits.artifactBytesMax) throw new DomainError('PACK_TOO_LARGE', { path: packPath, sizeBytes: String(stats.size), sizeBytesMax: String(limits.artifactBytesMax) });
  const sha256 = await sha256OfPath(path);
  const content = await elfContent(path);
  const identity = content === undefined ? undefined : await identify(path, { signal }).catch((error: unknown) => {
    throw isDomainError(error) ? new DomainError(error.reason, { path: packPath, ...error.facts }, { message: error.message, cause: error }) : error;
  });
  const format = content === undefined ? 'other' : content === 'code' ? 'elf-executable' : 'elf-debug';
  return { file: { path: packPath, sizeBytes: stats.size, sha256, format, identifiers: identity ? identifiersOf(identity) : [] }, identity };
}

function identifiersOf({ gnuBuildId, goBuildId }: Identity): ManifestFile['identifiers'] {
  return [...(gnuBuildId ? [{ kind: 'gnu-build-id', value: gnuBuildId }] : []), ...(goBuildId ? [{ kind: 'go-build-id', value: goBuildId }] : [])];
}
