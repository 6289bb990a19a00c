import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ObjectReader, parseStrictJson } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { SignedHead } from '../application/ports.js';

type Head = NonNullable<Awaited<ReturnType<SignedHead['read']>>>;

/** A small file beside the signing key. It must not be part of what is restored with the database. */
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
    try {
      const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: 1_000 }), 'signedHead');
      const size = reader.integer('size', 0);
      return { size, rootHash: Buffer.from(reader.text('rootHash', { lengthMax: 64, pattern: /^[0-9a-f]{64}$/ }), 'hex') };
    } catch (cause) {
      throw new DomainError('LOG_ROLLED_BACK', { problem: 'the record of what was signed cannot be read', path: this.path }, { cause });
    }
  }

  /** Renamed into place and flushed with its folder: after a power cut it is the old one or the new one. */
  async #write({ size, rootHash }: Head): Promise<void> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(`${this.path}.next`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ size, rootHash: Buffer.from(rootHash).toString('hex') })}\n`);
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
