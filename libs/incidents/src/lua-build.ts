import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { type LuaSources, luaSources, MAIN_C } from './lua-sources.js';
import { runTool } from './run-tool.js';

export interface BuiltProgram {
  /** Without any symbols. */
  readonly stripped: string;
  /** The symbols and lines that were stripped; the same GNU build id. */
  readonly debug: string;
}

const COMPILE_FLAGS = ['-O2', '-g', '-std=gnu99'];
const LINK_FLAGS = ['-Wl,--build-id=sha1', '-lm', '-ldl'];

/**
 * Builds a Lua release as its incident says: gcc -O2 -g, then the debug file apart and the program stripped.
 * The same sources and compiler give the same bytes wherever it is built; the cache is keyed by all of them.
 * @throws RELEASE_UNAVAILABLE, TOOL_MISSING, BUILD_FAILED, CANCELLED
 */
export async function buildLua(
  crateVersion: string,
  { cacheDir, signal }: { readonly cacheDir: string; readonly signal?: AbortSignal },
): Promise<BuiltProgram> {
  const sources = await luaSources(crateVersion, signal);
  const dir = join(cacheDir, `lua-${await buildKey(sources, signal)}`);
  const built = { stripped: join(dir, 'lua'), debug: join(dir, 'lua.debug') };
  const isThere = await Promise.all([access(built.stripped), access(built.debug)]).then(() => true, () => false);
  if (!isThere) await buildInto(dir, cacheDir, sources, signal);
  return built;
}

async function buildInto(dir: string, cacheDir: string, sources: LuaSources, signal?: AbortSignal): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, 'building-'));
  try {
    await compile(work, sources, signal);
    await runTool('objcopy', ['--only-keep-debug', 'lua', 'lua.debug'], { cwd: work, signal });
    await runTool('strip', ['--strip-all', 'lua'], { cwd: work, signal });
    for (const file of await readdir(work)) if (file.endsWith('.o')) await rm(join(work, file));
    // Whoever comes second finds the same bytes in place.
    await rename(work, dir).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compile(work: string, { dir, files }: LuaSources, signal?: AbortSignal): Promise<void> {
  const sources = [...files.map((file) => join(dir, file)), MAIN_C];
  const objects = sources.map((_, i) => `${i}.o`);
  const maps = [`-ffile-prefix-map=${dir}=lua`, `-ffile-prefix-map=${dirname(MAIN_C)}=lua`, `-ffile-prefix-map=${work}=.`];
  const queue = sources.map((source, i) => ['-c', ...COMPILE_FLAGS, ...maps, `-I${dir}`, '-o', objects[i] as string, source]);
  const worker = async (): Promise<void> => {
    for (let args = queue.shift(); args !== undefined; args = queue.shift()) await runTool('gcc', args, { cwd: work, signal });
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  await runTool('gcc', ['-o', 'lua', ...objects, ...LINK_FLAGS], { cwd: work, signal });
}

async function buildKey({ dir }: LuaSources, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const tool of ['gcc', 'objcopy']) hash.update(await runTool(tool, ['--version'], { signal }));
  hash.update(JSON.stringify([COMPILE_FLAGS, LINK_FLAGS]));
  const files = (await readdir(dir)).sort().map((file) => join(dir, file));
  for (const file of [...files, MAIN_C]) hash.update(await readFile(file));
  return hash.digest('hex');
}
