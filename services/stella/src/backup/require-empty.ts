import { readdir } from 'node:fs/promises';
import { DomainError } from '@stella/errors';

/** Nothing is there, or an empty folder. @throws DomainError INSTALLATION_NOT_EMPTY, FILE_UNREADABLE */
export async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new DomainError('FILE_UNREADABLE', { path: folder, problem: error.code ?? '' }, { cause: error });
  });
  if (names.length > 0) throw new DomainError('INSTALLATION_NOT_EMPTY', { folder, holds: names.slice(0, 5).join(' ') });
}
