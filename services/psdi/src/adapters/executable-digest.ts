import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** The SHA-256 of a file, read again only when the file has changed. */
export class ExecutableDigest {
  #known: { readonly of: string; readonly sha256: string } | undefined;

  async of(path: string): Promise<string> {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    const of = [path, ino, size, mtimeMs, ctimeMs].join(' ');
    if (this.#known?.of === of) return this.#known.sha256;
    const sha256 = hash('sha256', await readFile(path));
    this.#known = { of, sha256 };
    return sha256;
  }
}
