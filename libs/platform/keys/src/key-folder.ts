import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { type KeyAlgorithm, KeyPair } from '@stella/attestation';
import { DomainError } from '@stella/errors';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Private keys as PKCS #8 files that only their owner may read: what an installation without a key service uses. */
export class KeyFolder {
  private constructor(private readonly folder: string) {}

  /** Makes the folder (mode 0700) where it does not exist. */
  static async open(folder: string): Promise<KeyFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return new KeyFolder(folder);
  }

  /**
   * The key of this name, made at the first call. Two processes that ask at once get the same key.
   * @throws DomainError `KEY_MALFORMED` for a file that holds no key, or one of another algorithm
   */
  async keyPair(name: string, algorithm: KeyAlgorithm): Promise<KeyPair> {
    if (!NAME.test(name)) throw new DomainError('KEY_MALFORMED', { name, problem: 'not a key name' });
    const path = join(this.folder, `${name}.pem`);
    const pair = KeyPair.fromPem((await readIfThere(path)) ?? (await this.make(path, algorithm)));
    if (pair.algorithm !== algorithm) {
      throw new DomainError('KEY_MALFORMED', { name, expected: algorithm, actual: pair.algorithm });
    }
    return pair;
  }

  private async make(path: string, algorithm: KeyAlgorithm): Promise<string> {
    const fresh = `${path}.${randomUUID()}`;
    const file = await open(fresh, 'wx', 0o600);
    try {
      await file.writeFile(KeyPair.generate(algorithm).toPem());
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      // A link never replaces: whoever comes second takes the first one's key.
      await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(fresh, { force: true });
    }
    return readFile(path, 'utf8');
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
