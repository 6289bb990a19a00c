import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SignedHead } from '../application/ports.js';
import { decodeHead, encodeHead, type Head } from './signed-head-json.js';

/** A small file beside the signing key, of one process. It must not be part of what is restored with the database. */
export class FileSignedHead implements SignedHead {
  #known: Head | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** @throws DomainError `LOG_ROLLED_BACK` for a file that cannot be read as one: what was signed is then not known */
  async read(): Promise<Head | undefined> {
    this.#known ??= await this.#load();
    return this.#known;
  }

  record(head: Head): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(async () => {
      const known = await this.read();
      if (known && known.size >= head.size) return;
      await this.#write(head);
      this.#known = { size: head.size, rootHash: head.rootHash };
    });
    return this.#writing;
  }

  async #load(): Promise<Head | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return decodeHead(bytes, this.path);
  }

  /** Renamed into place and flushed with its folder: after a power cut it is the old one or the new one. */
  async #write(head: Head): Promise<void> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(`${this.path}.next`, 'w', 0o600);
    try {
      await file.writeFile(encodeHead(head));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.next`, this.path);
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
