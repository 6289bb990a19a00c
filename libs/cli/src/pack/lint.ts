import { join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { describeFile } from './describe-file.js';
import type { LoadedManifest, PackManifest } from './manifest.js';

/** Something that the marketplace would refuse. */
export interface LintFinding {
  readonly path: string;
  readonly reason: string;
  readonly detail: string;
}

const ELF = new Set(['elf-executable', 'elf-debug']);

/** Holds a manifest against its files; no finding means that they agree. Errors of reading other than a missing file come through. */
export async function lintPack({ manifest, folder }: LoadedManifest, signal?: AbortSignal): Promise<readonly LintFinding[]> {
  const findings: LintFinding[] = [...pathFindings(manifest)];
  for (const declared of manifest.files) findings.push(...(await lintFile(folder, declared, signal)));
  return findings;
}

async function lintFile(folder: string, declared: PackManifest['files'][number], signal?: AbortSignal): Promise<readonly LintFinding[]> {
  const { path } = declared;
  const reading = await describeFile(join(folder, path), path, signal).catch((error: unknown) => {
    if (isDomainError(error, 'FILE_UNREADABLE')) return undefined;
    throw error;
  });
  if (!reading) return [{ path, reason: 'UPLOAD_INCOMPLETE', detail: 'the file is not there' }];
  const { file } = reading;
  const found: LintFinding[] = [];
  if (file.sha256 !== declared.sha256) found.push({ path, reason: 'PACK_DIGEST_MISMATCH', detail: `SHA-256 is ${file.sha256}` });
  if (file.sizeBytes !== declared.sizeBytes) found.push({ path, reason: 'PACK_DIGEST_MISMATCH', detail: `${file.sizeBytes} bytes, not ${declared.sizeBytes}` });
  // Formats that nothing here parses are the author's word, but an ELF file is none of them.
  if ((ELF.has(file.format) || ELF.has(declared.format)) && file.format !== declared.format) found.push({ path, reason: 'PACK_FORMAT_INVALID', detail: `${file.format}, not ${declared.format}` });
  const [said, is] = [idsOf(declared), idsOf(file)];
  if (said !== is) found.push({ path, reason: 'PACK_IDENTIFIER_MISMATCH', detail: `the manifest says ${said || 'none'}, the file ${is || 'none'}` });
  return found;
}

function idsOf({ identifiers }: PackManifest['files'][number]): string {
  return identifiers.map(({ kind, value }) => `${kind}:${value}`).sort().join(', ');
}

/** The same path without case lands on the same file where names have none. */
function pathFindings({ files, entryPoint }: PackManifest): readonly LintFinding[] {
  const seen = new Set<string>();
  const twice = files.filter(({ path }) => {
    const key = path.normalize('NFKC').toLowerCase();
    return seen.has(key) || !seen.add(key);
  });
  const missing = entryPoint !== undefined && !files.some(({ path }) => path === entryPoint) ? [{ path: entryPoint, reason: 'PACK_MANIFEST_INVALID', detail: 'the entry point is none of the files' }] : [];
  return [...twice.map(({ path }) => ({ path, reason: 'PACK_PATH_INVALID', detail: 'hides another file of the pack' })), ...missing];
}
