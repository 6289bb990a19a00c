import { stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';

/** The SHA-256 of a file, read again only when the file has changed. */
export class ExecutableDigest {
  #known: { readonly of: string; readonly sha256: string } | undefined;

  async of(path: string): Promise<string> {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    const of = [path, ino, size, mtimeMs, ctimeMs].join(' ');
    if (this.#known?.of === of) return this.#known.sha256;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    const sha256 = hash.digest('hex');
    this.#known = { of, sha256 };
    return sha256;
  }
}
