import { basename } from 'node:path';
import { DomainError } from '@stella/errors';
import { resolveRelease } from '@stella/incidents';
import { releaseCacheFolder } from '../connection/data-folder.js';
import type { CliIo } from '../io/cli-io.js';
import { requireArtifactSize } from '../io/artifact-size.js';
import { fileAt } from '../io/files.js';
import { sha256OfPath } from '../io/sha256-of-path.js';
import { findRelease, knownReleases, packageUrl, releaseLabel } from './release-names.js';

/** A program on this machine. */
export interface LocalRelease {
  readonly path: string;
  readonly label: string;
  /** Package URL. */
  readonly resourceUri: string;
}

const LABEL_CHARS_MAX = 256;

/**
 * A release by its name, or any file by its path; a path that looks like a name is written `./name`.
 * @throws DomainError RELEASE_UNKNOWN, ARTIFACT_TOO_LARGE before the file is read, and as `resolveRelease`
 */
export async function localRelease(io: Pick<CliIo, 'cwd' | 'env' | 'signal'>, text: string): Promise<LocalRelease> {
  const release = findRelease(text);
  if (release) {
    const { program } = await resolveRelease(release, { cacheDir: releaseCacheFolder(io.env), ...(io.signal && { signal: io.signal }) });
    return { path: program, label: releaseLabel(release), resourceUri: packageUrl(release) };
  }
  const file = await fileAt(io, text);
  if (!file) throw new DomainError('RELEASE_UNKNOWN', { release: text.slice(0, 200), known: knownReleases().map(releaseLabel).join(', ') });
  requireArtifactSize(text, file.stats);
  const name = basename(file.path).slice(0, LABEL_CHARS_MAX);
  return { path: file.path, label: name, resourceUri: `pkg:generic/${encodeURIComponent(name)}?checksum=sha256:${await sha256OfPath(file.path)}` };
}
