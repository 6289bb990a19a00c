import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { onPath } from './debian.mjs';
import { runProgram } from './run-program.mjs';
import { ServerError } from './server-error.mjs';

/** Others work on this machine, too. */
const NICE = ['-n', '15'];
const ENVIRONMENT = { GOFLAGS: '-mod=mod', GOWORK: 'off' };

/**
 * @typedef {object} GoProgram
 * @property {string} name
 * @property {string} module
 * @property {string} version exact: it fixes those of all dependencies, whose checksums the go command verifies
 * @property {readonly string[]} packages below the module, '' for itself
 * @property {string} [tags]
 * @property {boolean} [asDependency] for modules with `replace` lines, which `go install` refuses; they do not apply then
 */

/** The folder with the executables, built if absent. @param {GoProgram} program @returns {Promise<string>} */
export function goPrograms({ name, module, version, packages, tags = '', asDependency = false }) {
  return cached(`${name}-${version}-${process.arch}`, async (folder) => {
    const build = asDependency ? buildAsDependency : install;
    for (const each of packages) await build(folder, [module, each].filter((part) => part !== '').join('/'), version, tags);
  });
}

async function install(folder, path, version, tags) {
  await go(['install', ...tagsOption(tags), `${path}@${version}`], { env: { GOBIN: folder } });
}

/** In a module of its own that has the program as a tool. */
async function buildAsDependency(folder, path, version, tags) {
  const goVersion = /go(\d+\.\d+)/.exec(await go(['env', 'GOVERSION']))?.[1];
  writeFileSync(join(folder, 'go.mod'), `module stella.test/tool\n\ngo ${goVersion}\n`);
  await go(['get', '-tool', `${path}@${version}`], { cwd: folder });
  await go(['build', ...tagsOption(tags), '-o', `${folder}/`, path], { cwd: folder });
}

function tagsOption(tags) {
  return tags === '' ? [] : ['-tags', tags];
}

function go(args, { env = {}, cwd } = {}) {
  const program = onPath('go');
  if (program === undefined) throw new ServerError('not installed: go', 'install Go (https://go.dev/dl) and put it on PATH');
  return runProgram('nice', [...NICE, program, ...args], { env: { ...ENVIRONMENT, ...env }, cwd, nextStep: `try it again by hand: go ${args.join(' ')}` });
}
