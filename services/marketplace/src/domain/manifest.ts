import type { Statement } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { PACK_MANIFEST_SCHEMA_ID, validate } from '@stella/schemas';
import { packName } from './names.js';
import type { PackKind } from './pack.js';
import { pathCollision, pathProblem } from './pack-path.js';

export interface Identifier {
  readonly kind: string;
  readonly value: string;
}

export interface ManifestFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly format: string;
  readonly identifiers: readonly Identifier[];
}

/** The members of the published schema (pack-manifest/v1) that this service acts on. */
export interface Manifest {
  /** `publisher/name`. */
  readonly name: string;
  readonly version: string;
  readonly kind: PackKind;
  readonly licence: string;
  readonly visibility: string;
  readonly files: readonly ManifestFile[];
}

/**
 * The manifest that a verified statement carries. Its subjects are its files, neither more nor fewer, so that a tool that
 * knows statements only, and no manifests, trusts the same bytes.
 * @throws DomainError PACK_MANIFEST_INVALID, PACK_PATH_INVALID, PACK_DIGEST_MISMATCH
 */
export function readManifest(statement: Statement, namespaceId: string): Manifest {
  checkSchema(statement.predicate);
  const manifest = statement.predicate as unknown as Manifest;
  if (manifest.name.split('/')[0] !== namespaceId) {
    throw new DomainError('PACK_MANIFEST_INVALID', { pointer: '/name', problem: 'another namespace', expected: namespaceId, actual: manifest.name });
  }
  checkPaths(manifest.files.map(({ path }) => path));
  const subjects = new Map(statement.subjects.map(({ name, sha256 }) => [name, sha256]));
  if (subjects.size !== statement.subjects.length || subjects.size !== manifest.files.length) {
    throw new DomainError('PACK_DIGEST_MISMATCH', { problem: 'the subjects of the statement are not the files of the manifest' });
  }
  for (const { path, sha256 } of manifest.files) {
    const signed = subjects.get(path);
    if (signed !== sha256) throw new DomainError('PACK_DIGEST_MISMATCH', { path, problem: 'subject and manifest differ', expected: sha256, actual: signed ?? 'none' });
  }
  return manifest;
}

export function packNameOf({ name, version }: Manifest): string {
  const [namespaceId = '', pack = ''] = name.split('/');
  return packName(namespaceId, pack, version);
}

/** @throws DomainError PACK_PATH_INVALID */
export function checkPaths(paths: readonly string[]): void {
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new DomainError('PACK_PATH_INVALID', { path: JSON.stringify(path).slice(0, 600), problem });
  }
  const collision = pathCollision(paths);
  if (collision !== undefined) throw new DomainError('PACK_PATH_INVALID', { path: collision, problem: 'hides another file of the pack' });
}

function checkSchema(predicate: unknown): void {
  try {
    // Strict JSON makes objects without a prototype, which the validator's comparison of list members cannot take.
    validate(PACK_MANIFEST_SCHEMA_ID, structuredClone(predicate));
  } catch (error) {
    throw isDomainError(error, 'SCHEMA_INVALID') ? new DomainError('PACK_MANIFEST_INVALID', error.facts, { cause: error }) : error;
  }
}
