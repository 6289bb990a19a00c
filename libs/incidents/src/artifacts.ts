import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, constants, copyFile, mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DomainError } from '@stella/errors';
import type { ReleaseName } from './incidents.js';
import { buildLua } from './lua-build.js';

/** The files of a release. */
export interface ReleaseFiles {
  /** The program as it ships; executable. */
  readonly program: string;
  /** Its debug file, where the release has one. */
  readonly debug: string | null;
}

export interface ResolveOptions {
  /** Where built and copied programs are kept, by digest. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal;
}

/** @throws RELEASE_UNAVAILABLE, TOOL_MISSING, BUILD_FAILED */
export async function resolveRelease(release: ReleaseName, options: ResolveOptions): Promise<ReleaseFiles> {
  if (release.program === 'esbuild') return { program: await resolveEsbuild(release.version, options.cacheDir), debug: null };
  const { stripped, debug } = await buildLua(release.version, options);
  return { program: stripped, debug };
}

/** The prebuilt program of a pinned npm alias; a copy of it where its file is not executable. */
async function resolveEsbuild(version: string, cacheDir: string): Promise<string> {
  const alias = `esbuild-${version}`;
  let program: string;
  try {
    program = join(dirname(createRequire(import.meta.url).resolve(`${alias}/package.json`)), 'bin', 'esbuild');
    await access(program, constants.R_OK);
  } catch (cause) {
    throw new DomainError('RELEASE_UNAVAILABLE', { release: `esbuild@${version}`, package: alias }, { cause });
  }
  const isExecutable = await access(program, constants.X_OK).then(() => true, () => false);
  return isExecutable ? program : copyExecutable(program, cacheDir);
}

async function copyExecutable(source: string, cacheDir: string): Promise<string> {
  const target = join(cacheDir, await sha256OfFile(source), 'program');
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}`;
  await copyFile(source, partial);
  await chmod(partial, 0o755);
  await rename(partial, target);
  return target;
}

/** Lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
