import { chmod, mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type KeyAlgorithm, KeyPair } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import type { CliIo } from '../io/cli-io.js';
import { fileAt, readInput, writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import { encodeCard, type InstallationCard, namesOf, parseCard } from './installation-card.js';
import { KEY_USES, keyPath, type KeyUse, ROOT_KEY_PATH, useName } from './key-uses.js';

const CARD_PATH = 'card.json';

export interface KeptKey {
  readonly name: string;
  readonly path: string;
  readonly fingerprint: string;
  readonly isNew: boolean;
}

/** The private keys of an installation as files for their owner's eyes only, and the card of their public sides. */
export class InstallationKeys {
  constructor(
    private readonly io: Pick<CliIo, 'cwd'>,
    private readonly folder: string,
  ) {}

  get cardPath(): string {
    return join(this.folder, CARD_PATH);
  }

  /** Makes what is missing; what is there stays. @throws DomainError USAGE_INVALID for a folder of another organisation */
  async create(organisation: string): Promise<readonly KeptKey[]> {
    const found = await this.#card();
    if (found && found.organisation !== organisation) throw new DomainError('USAGE_INVALID', { folder: this.folder, wanted: `--organisation ${found.organisation}, whose keys these are` });
    const root = await this.#keep('root', ROOT_KEY_PATH, 'ed25519');
    const kept: KeptKey[] = [root.kept];
    const keys: { use: KeyUse; publicKey: KeyPair['publicKey'] }[] = [];
    for (const use of KEY_USES) {
      const { kept: key, pair } = await this.#keep(useName(use), keyPath(use), use.algorithm);
      kept.push(key);
      keys.push({ use, publicKey: pair.publicKey });
    }
    await this.#writeCard({ ...(found ?? namesOf(organisation)), keys });
    return kept;
  }

  /**
   * A new key in place of one; the old one lies in `retired/`, from where nothing takes it any more.
   * @throws DomainError USAGE_INVALID for a use that there is not, and for the log's key, which is the log's identity
   */
  async rotate(name: string): Promise<{ readonly kept: KeptKey; readonly retired: string }> {
    const rotatable = KEY_USES.filter((use) => use.role !== 'log');
    const use = rotatable.find((one) => useName(one) === name);
    if (!use) throw new DomainError('USAGE_INVALID', { given: name.slice(0, 100), wanted: `one of ${rotatable.map(useName).join(', ')}; a log keeps its key for life: begin a new log under a new origin` });
    const card = parseCard(await readInput(this.io, this.cardPath, limits.connectionBytesMax));
    const old = await this.#read(keyPath(use), use.algorithm);
    const retired = join(this.folder, 'retired', `${use.folder}-${use.name}-${old.keyId.slice(0, 12)}.pem`);
    await mkdir(dirname(resolve(this.io.cwd, retired)), { recursive: true, mode: 0o700 });
    await rename(resolve(this.io.cwd, join(this.folder, keyPath(use))), resolve(this.io.cwd, retired));
    const { kept, pair } = await this.#keep(name, keyPath(use), use.algorithm);
    await this.#writeCard({ ...card, keys: card.keys.map((key) => (key.use === use ? { use, publicKey: pair.publicKey } : key)) });
    return { kept, retired };
  }

  async #keep(name: string, path: string, algorithm: KeyAlgorithm): Promise<{ readonly kept: KeptKey; readonly pair: KeyPair }> {
    const full = join(this.folder, path);
    const isThere = (await fileAt(this.io, full)) !== undefined;
    if (!isThere) await this.#make(full, algorithm);
    const pair = await this.#read(path, algorithm);
    return { kept: { name, path: resolve(this.io.cwd, full), fingerprint: pair.keyId, isNew: !isThere }, pair };
  }

  /** Whoever comes second takes the first one's key. */
  async #make(path: string, algorithm: KeyAlgorithm): Promise<void> {
    const folder = dirname(resolve(this.io.cwd, path));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    try {
      await writeOutput(this.io, path, Buffer.from(KeyPair.generate(algorithm).toPem()), { mode: 0o600, isNew: true });
    } catch (error) {
      if (!isDomainError(error, 'FILE_NOT_WRITTEN') || error.facts['problem'] !== 'EEXIST') throw error;
    }
  }

  /** @throws DomainError KEY_MALFORMED */
  async #read(path: string, algorithm: KeyAlgorithm): Promise<KeyPair> {
    const pair = KeyPair.fromPem((await readInput(this.io, join(this.folder, path), limits.keyBytesMax)).toString('utf8'));
    if (pair.algorithm === algorithm) return pair;
    throw new DomainError('KEY_MALFORMED', { path, expected: algorithm, actual: pair.algorithm });
  }

  async #card(): Promise<InstallationCard | undefined> {
    if (!(await fileAt(this.io, this.cardPath))) return undefined;
    return parseCard(await readInput(this.io, this.cardPath, limits.connectionBytesMax));
  }

  async #writeCard(card: InstallationCard): Promise<void> {
    await writeOutput(this.io, this.cardPath, encodeCard(card));
  }
}
