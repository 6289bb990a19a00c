import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DomainError } from '@stella/errors';

/** @throws DomainError FILE_UNREADABLE */
export async function sha256OfPath(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (error) {
    throw new DomainError('FILE_UNREADABLE', { path, problem: (error as NodeJS.ErrnoException).code ?? 'unknown' }, { cause: error });
  }
  return hash.digest('hex');
}
