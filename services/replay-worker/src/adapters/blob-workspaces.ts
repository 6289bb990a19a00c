import { createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Workspace, Workspaces } from '../application/ports.js';
import type { ReplayOrder } from '../domain/replay-order.js';

const PREFIX = 'replay-';
/** For others too: a capsule runs it as a user of its own. The folder above is closed. */
const EXECUTABLE = 0o555;
const READABLE = 0o444;
const OTHERS_MAY_WRITE = 0o022;

/** Copies of blobs in a folder of one replay: a store's own files are not executable, and not ours to lend. */
export class BlobWorkspaces implements Workspaces {
  private constructor(
    private readonly folder: string,
    private readonly blobs: BlobStore,
  ) {}

  /** Makes the folder where needed, and removes what killed processes left there. @throws DomainError CONFIG_INVALID for a folder of somebody else */
  static async open(folder: string, blobs: BlobStore): Promise<BlobWorkspaces> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await lstat(folder);
    if (uid !== process.getuid?.() || (mode & OTHERS_MAY_WRITE) !== 0) throw new DomainError('CONFIG_INVALID', { problems: `${folder} is open to other users` });
    const left = (await readdir(folder)).filter((name) => name.startsWith(PREFIX) && !isOfLivingProcess(name));
    for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
    return new BlobWorkspaces(folder, blobs);
  }

  async use<T>(order: ReplayOrder, signal: AbortSignal, work: (workspace: Workspace) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.folder, `${PREFIX}${process.pid}-`));
    try {
      return await work(await this.#layOut(order, folder, signal));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #layOut({ artifactSha256, setup }: ReplayOrder, folder: string, signal: AbortSignal): Promise<Workspace> {
    const place = async (name: string, sha256: string, mode: number): Promise<string> => {
      const path = join(folder, name);
      try {
        await pipeline(this.blobs.read(sha256), createWriteStream(path, { flags: 'wx' }), { signal });
      } catch (error) {
        throw signal.aborted ? new DomainError('CANCELLED', {}, { cause: error }) : error;
      }
      await chmod(path, mode);
      return path;
    };
    const files: { path: string; source: string; executable: boolean }[] = [];
    for (const [at, { path, sha256, executable }] of setup.files.entries()) {
      files.push({ path, source: await place(`file-${at}`, sha256, READABLE), executable });
    }
    return {
      program: await place('program', artifactSha256, EXECUTABLE),
      stdin: setup.stdinSha256 === '' ? undefined : await place('stdin', setup.stdinSha256, READABLE),
      files,
    };
  }
}

function isOfLivingProcess(name: string): boolean {
  const pid = Number.parseInt(name.slice(PREFIX.length), 10);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
