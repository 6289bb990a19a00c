import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '@stella/errors';
import { runTool } from './run-tool.js';

const MANIFEST = fileURLToPath(new URL('../lua/Cargo.toml', import.meta.url));
export const MAIN_C = fileURLToPath(new URL('../lua/main.c', import.meta.url));

/** Programs and test rigs that ship beside the library. */
const NOT_OF_THE_LIBRARY: ReadonlySet<string> = new Set(['lua.c', 'luac.c', 'ltests.c', 'onelua.c']);

/** `540.0.0` of the crate carries Lua 5.4.0. */
const folderOf = (crateVersion: string): string => {
  const [major = ''] = crateVersion.split('.');
  return `lua-${[...major].join('.')}`;
};

export interface LuaSources {
  readonly dir: string;
  /** File names of the library's C files, sorted. */
  readonly files: readonly string[];
}

interface CargoMetadata {
  readonly packages: readonly { readonly name: string; readonly version: string; readonly manifest_path: string }[];
}

/** The C sources of a Lua release, which Cargo fetches as pinned by lua/Cargo.lock. @throws RELEASE_UNAVAILABLE, TOOL_MISSING, BUILD_FAILED */
export async function luaSources(crateVersion: string, signal?: AbortSignal): Promise<LuaSources> {
  const output = await runTool('cargo', ['metadata', '--format-version', '1', '--locked', '--manifest-path', MANIFEST], { signal });
  const { packages } = JSON.parse(output) as CargoMetadata;
  const found = packages.find(({ name, version }) => name === 'lua-src' && version === crateVersion);
  if (found === undefined) throw new DomainError('RELEASE_UNAVAILABLE', { release: `lua@${crateVersion}`, package: 'lua-src' });
  const dir = join(dirname(found.manifest_path), folderOf(crateVersion));
  const files = (await readdir(dir)).filter((file) => file.endsWith('.c') && !NOT_OF_THE_LIBRARY.has(file)).sort();
  return { dir, files };
}
