import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import type { HostClosure } from '../application/ports.js';
import type { ClosureFile } from '../domain/replay-report.js';
import { CLOSURE_FILES_MAX } from '../limits.js';

const LIBRARIES = '/lib/x86_64-linux-gnu';
/** The loader and the runtime of C and C++ as Debian lays them out; a program that needs more brings it along. */
export const GNU_RUNTIME: readonly string[] = [
  '/lib64/ld-linux-x86-64.so.2',
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'libgcc_s.so.1', 'libstdc++.so.6'].map((name) => `${LIBRARIES}/${name}`),
];
const LINKS_MAX = 40;

/**
 * A short list of the host's files in place of its folders: a result's key can then hold the digest of every file that
 * a program sees. Links are listed beside what they lead to, as the capsule makes them again. A file is read anew when
 * its inode, size or times have changed.
 */
export class ListedClosure implements HostClosure {
  readonly #digests = new Map<string, { readonly state: string; readonly sha256: string }>();

  constructor(private readonly paths: readonly string[] = GNU_RUNTIME) {}

  /** A listed file that the host lacks is left out: the key says so by its absence. */
  async describe(): Promise<readonly ClosureFile[]> {
    const found = new Map<string, string>();
    for (const listed of this.paths) {
      const chain = await linksFrom(listed);
      const last = chain.at(-1);
      if (last === undefined) continue;
      const sha256 = await this.#digest(last);
      for (const path of chain) found.set(path, sha256);
    }
    if (found.size > CLOSURE_FILES_MAX) throw new DomainError('CONFIG_INVALID', { problems: `the closure has ${found.size} files, more than ${CLOSURE_FILES_MAX}` });
    return [...found].map(([path, sha256]) => ({ path, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #digest(path: string): Promise<string> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const state = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    const known = this.#digests.get(path);
    if (known?.state === state) return known.sha256;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    const sha256 = hash.digest('hex');
    this.#digests.set(path, { state, sha256 });
    return sha256;
  }
}

/** The path and each that its links lead to, the file itself last; empty where there is none. */
async function linksFrom(listed: string): Promise<string[]> {
  const chain: string[] = [];
  for (let path = listed; chain.length < LINKS_MAX; ) {
    const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!found) return [];
    chain.push(path);
    if (!found.isSymbolicLink()) return found.isFile() ? chain : [];
    path = resolve(dirname(path), await readlink(path));
  }
  return [];
}
