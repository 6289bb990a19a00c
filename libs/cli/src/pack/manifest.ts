import { basename, dirname, relative, resolve, sep } from 'node:path';
import { parseStrictJson } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { PACK_MANIFEST_SCHEMA_ID, validate } from '@stella/schemas';
import type { CliIo } from '../io/cli-io.js';
import { readInput } from '../io/files.js';
import { limits } from '../limits.js';
import { describeFile, type FileReading, type ManifestFile } from './describe-file.js';

/** The members of pack-manifest/v1 that are written here. */
export interface PackManifest {
  readonly schemaVersion: 1;
  /** `publisher/name`. */
  readonly name: string;
  readonly version: string;
  readonly kind: 'symbols' | 'harness';
  readonly licence: string;
  readonly visibility: string;
  readonly toolchain: { readonly name: string; readonly version: string };
  readonly target: { readonly os: string; readonly arch: string; readonly abi: string };
  readonly source?: { readonly repository: string; readonly revision: string };
  readonly provenance: readonly string[];
  readonly entryPoint?: string;
  readonly files: readonly ManifestFile[];
}

export type ManifestFields = Pick<PackManifest, 'name' | 'version' | 'kind' | 'licence' | 'visibility' | 'source' | 'entryPoint'>;

/**
 * A manifest of files as they are. Paths are relative to the manifest's folder; toolchain and target are those of the
 * first file that tells them.
 * @throws DomainError SCHEMA_INVALID, FILE_UNREADABLE, USAGE_INVALID, and as `identify`
 */
export async function buildManifest(io: Pick<CliIo, 'cwd' | 'signal'>, manifestPath: string, paths: readonly string[], fields: ManifestFields): Promise<PackManifest> {
  const folder = dirname(resolve(io.cwd, manifestPath));
  const readings: FileReading[] = [];
  for (const path of paths) readings.push(await describeFile(resolve(io.cwd, path), packPath(folder, resolve(io.cwd, path)), io.signal));
  const identity = readings.find((reading) => reading.identity)?.identity;
  const { source, entryPoint, ...given } = fields;
  const manifest: PackManifest = {
    schemaVersion: 1,
    ...given,
    toolchain: { name: identity?.toolchain.name || 'unknown', version: identity?.toolchain.version || 'unknown' },
    target: { os: 'linux', arch: identity?.arch || 'any', abi: '' },
    provenance: [],
    files: readings.map(({ file }) => file),
    ...(source && { source }),
    ...(entryPoint !== undefined && { entryPoint }),
  };
  checkSchema(manifest);
  return manifest;
}

export interface LoadedManifest {
  readonly manifest: PackManifest;
  /** Where its files are. */
  readonly folder: string;
}

/** @throws DomainError FILE_UNREADABLE, JSON_…, SCHEMA_INVALID */
export async function loadManifest(io: Pick<CliIo, 'cwd'>, path: string): Promise<LoadedManifest> {
  const value = parseStrictJson(await readInput(io, path, limits.manifestBytesMax), { sizeBytesMax: limits.manifestBytesMax });
  // Strict JSON makes objects without a prototype, which the validator's comparison of list members cannot take.
  const manifest: unknown = structuredClone(value);
  checkSchema(manifest);
  return { manifest, folder: dirname(resolve(io.cwd, path)) };
}

export function checkSchema(manifest: unknown): asserts manifest is PackManifest {
  validate(PACK_MANIFEST_SCHEMA_ID, manifest);
}

function packPath(folder: string, path: string): string {
  const inside = relative(folder, path).split(sep).join('/');
  if (inside.startsWith('../')) throw new DomainError('USAGE_INVALID', { file: basename(path), wanted: 'files in the folder of the manifest, or below it' });
  return inside;
}
