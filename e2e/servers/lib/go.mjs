import { onPath } from './debian.mjs';
import { cached } from './cache.mjs';
import { runProgram } from './run-program.mjs';
import { ServerError } from './server-error.mjs';

/** Others work on this machine, too. */
const NICE = ['-n', '15'];

/**
 * Programs of a Go module, built from the exact version by `go install`. The module's checksum is verified by the go
 * command against the checksum database.
 * @param {{ name: string, module: string, version: string, packages: readonly string[], tags?: string, goMin: string }} program
 *   `packages`: below the module, '' for itself; `goMin`: what the module asks for
 * @returns {Promise<string>} the folder with the executables
 */
export function goInstall({ name, module, version, packages, tags = '', goMin }) {
  return cached(`${name}-${version}-${process.arch}`, async (folder) => {
    const go = findGo(goMin);
    for (const each of packages) {
      const target = [module, each].filter((part) => part !== '').join('/');
      await runProgram('nice', [...NICE, go, 'install', ...(tags === '' ? [] : ['-tags', tags]), `${target}@${version}`], {
        env: { GOBIN: folder, GOFLAGS: '-mod=mod' },
        nextStep: `go install ${target}@${version}`,
      });
    }
  });
}

export function findGo(goMin) {
  const go = onPath('go');
  if (go === undefined) throw new ServerError('not installed: go', `install Go ≥ ${goMin} (https://go.dev/dl) and put it on PATH`);
  return go;
}
