import { checkText, ObjectReader, parseStrictJson } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { limits } from './limits.js';

const FORMAT = 'stella-backup';
const VERSION = 1;
const SHA256 = { lengthMax: 64, pattern: /^[0-9a-f]{64}$/ };
const ORGANISATION = { lengthMax: 100, pattern: /^[a-z0-9][a-z0-9.-]*$/ };
const SCHEMA = { lengthMax: 63, pattern: /^[a-z][a-z0-9_]*$/ };
/** Ours, PostgreSQL's and those of key files; nothing that leads out of a folder or hides. */
const PATH = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*$/;

export const MANIFEST_NAME = 'manifest.json';
/** There while a backup is being made; it becomes the manifest. */
export const UNFINISHED_NAME = 'manifest.json.unfinished';
/** `sha256sum --check` reads it too. */
export const LIST_NAME = 'files.sha256';

export type Shape = 'embedded' | 'cluster';

/** What a backup is; the digests of its files stand in the list, and that of the list here. */
export interface Manifest {
  readonly shape: Shape;
  readonly organisation: string;
  /** Of `stella`. */
  readonly madeBy: string;
  readonly createTime: Date;
  readonly databaseVersion: string;
  /** Of a cluster: the schemas in the dump. */
  readonly schemas: readonly string[];
  readonly keys: 'included' | 'left-out';
  readonly blobs: number;
  readonly files: number;
  readonly sizeBytes: number;
  readonly listSha256: string;
  /** Folders that must be there although nothing lies in them; a copy of a backup may have lost them. */
  readonly emptyFolders: readonly string[];
}

export function isBackupPath(path: string): boolean {
  return path.length <= limits.pathCharsMax && PATH.test(path);
}

export function encodeManifest({ createTime, ...rest }: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, version: VERSION, createTime: createTime.toISOString(), ...rest }, undefined, 2)}\n`);
}

/** @throws DomainError BACKUP_DAMAGED, BACKUP_FORMAT_NEWER */
export function decodeManifest(bytes: Uint8Array): Manifest {
  try {
    const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: limits.manifestBytesMax }), 'manifest');
    reader.word('format', [FORMAT]);
    const version = reader.integer('version', 1);
    if (version > VERSION) throw new DomainError('BACKUP_FORMAT_NEWER', { format: String(version), formatMax: String(VERSION), madeBy: reader.text('madeBy', { lengthMax: 100 }) });
    const manifest: Manifest = {
      createTime: reader.time('createTime'),
      shape: reader.word('shape', ['embedded', 'cluster']),
      organisation: reader.text('organisation', ORGANISATION),
      madeBy: reader.text('madeBy', { lengthMax: 100 }),
      databaseVersion: reader.text('databaseVersion', { lengthMax: 100 }),
      schemas: reader.list('schemas', { min: 0, max: 100 }, (value, at) => checkText(value, at, SCHEMA)),
      keys: reader.word('keys', ['included', 'left-out']),
      blobs: reader.integer('blobs', 0),
      files: reader.integer('files', 0),
      sizeBytes: reader.integer('sizeBytes', 0),
      listSha256: reader.text('listSha256', SHA256),
      emptyFolders: reader.list('emptyFolders', { min: 0, max: limits.emptyFoldersMax }, (value, at) => checkText(value, at, { lengthMax: limits.pathCharsMax, pattern: PATH })),
    };
    reader.end();
    return manifest;
  } catch (cause) {
    if (isDomainError(cause, 'BACKUP_FORMAT_NEWER')) throw cause;
    throw damaged({ file: MANIFEST_NAME, problem: isDomainError(cause) ? `${cause.message} ${Object.values(cause.facts).join(' ')}`.trim() : String(cause) }, cause);
  }
}

export function damaged(facts: Readonly<Record<string, string>>, cause?: unknown): DomainError {
  return new DomainError('BACKUP_DAMAGED', facts, { cause });
}
