import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import type { CliIo } from './cli-io.js';

/** @throws DomainError FILE_UNREADABLE, FILE_TOO_LARGE */
export async function readInput(io: Pick<CliIo, 'cwd'>, path: string, sizeBytesMax: number): Promise<Buffer> {
  const full = resolve(io.cwd, path);
  const file = await open(full, constants.O_RDONLY).catch((error: unknown) => unreadable(path, error));
  try {
    const { size } = await file.stat();
    if (size > sizeBytesMax) return tooLarge(path, sizeBytesMax);
    // A device or a pipe has no size, and may have no end.
    return await gathered(file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>, path, sizeBytesMax);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    return unreadable(path, error);
  } finally {
    await file.close();
  }
}

/** `-` or nothing: standard input. @throws DomainError FILE_UNREADABLE, FILE_TOO_LARGE */
export async function readInputOrStdin(io: Pick<CliIo, 'cwd' | 'stdin'>, path: string | undefined, sizeBytesMax: number): Promise<Buffer> {
  if (path !== undefined && path !== '-') return readInput(io, path, sizeBytesMax);
  if (!io.stdin) return unreadable('standard input', new Error('there is none'));
  return gathered(io.stdin, 'standard input', sizeBytesMax);
}

async function gathered(source: AsyncIterable<Uint8Array>, path: string, sizeBytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > sizeBytesMax) return tooLarge(path, sizeBytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A regular file at this path, if there is one. */
export async function fileAt(io: Pick<CliIo, 'cwd'>, path: string): Promise<{ readonly path: string; readonly stats: Stats } | undefined> {
  const full = resolve(io.cwd, path);
  const stats = await stat(full).catch(() => undefined);
  return stats?.isFile() ? { path: full, stats } : undefined;
}

export interface WriteOptions {
  readonly mode?: number;
  /** Refuses to replace a file. */
  readonly isNew?: boolean;
}

/** Writes the whole file or nothing; gives its full path. @throws DomainError FILE_NOT_WRITTEN */
export async function writeOutput(io: Pick<CliIo, 'cwd'>, path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<string> {
  const full = resolve(io.cwd, path);
  const partial = `${full}.${randomUUID()}.partial`;
  try {
    await mkdir(dirname(full), { recursive: true });
    const file = await open(partial, 'wx', options.mode ?? 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link does not replace what is there, as a rename would.
    await (options.isNew ? link(partial, full) : rename(partial, full));
    return full;
  } catch (error) {
    // What the source of the bytes throws is no fault of the file.
    if (!isSystemError(error)) throw error;
    throw new DomainError('FILE_NOT_WRITTEN', { path: full, problem: error.code }, { cause: error });
  } finally {
    await rm(partial, { force: true });
  }
}

/** What the operating system says, e.g. ENOENT. */
export function isSystemError(error: unknown): error is { readonly code: string; readonly path?: string } {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function unreadable(path: string, cause: unknown): never {
  const problem = isSystemError(cause) ? cause.code : cause instanceof Error ? cause.message : String(cause);
  throw new DomainError('FILE_UNREADABLE', { path, problem }, { cause });
}

function tooLarge(path: string, sizeBytesMax: number): never {
  throw new DomainError('FILE_TOO_LARGE', { path, sizeBytesMax: String(sizeBytesMax) });
}
