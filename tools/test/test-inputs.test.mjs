import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectFolders } from '../projects.mjs';

// A recorded result stands for a run only if everything that the run read is among its inputs (nx.json): the project, the
// projects that it depends on, and what is named besides. A path that leads elsewhere has to be named.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORDS = /(['"`])([\w@.-]+(?:\/[\w@.-]+)*)\/?\1/g;
/** Up to what is put in, where something is. */
const LEADS_OUT = /['"`]((?:\.\.\/)+[^'"`$\n]*)/g;
/** Made by a task, or no input at all. */
const NO_INPUT = /^(node_modules|target)(\/|$)/;

const folders = projectFolders(ROOT);
const packages = new Map(folders.map((folder) => [folder, JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))]));
const folderOf = new Map([...packages].map(([folder, { name }]) => [name, folder]));
const { namedInputs, targetDefaults } = JSON.parse(readFileSync(join(ROOT, 'nx.json'), 'utf8'));

function dependenciesOf(folder, seen = new Set()) {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const { dependencies, devDependencies } = packages.get(folder);
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) if (folderOf.has(name)) dependenciesOf(folderOf.get(name), seen);
  return seen;
}

/** Folders and files of the root that are inputs of the tests of a project, without what is a pattern below them. */
function named(inputs) {
  return inputs.flatMap((input) => {
    if (typeof input !== 'string') return [];
    if (input.startsWith('{workspaceRoot}/')) return [input.slice('{workspaceRoot}/'.length).replace(/\/\*.*$/, '')];
    return named(namedInputs[input] ?? []);
  });
}

/** A folder of projects that are all allowed, such as the services of the whole system. */
const holdsOnly = (path, allowed) => {
  const below = folders.filter((each) => within(each, path));
  return below.length > 0 && below.every((each) => allowed.includes(each));
};

const within = (path, folder) => path === folder || path.startsWith(`${folder}/`);

for (const [folder, { nx, scripts }] of packages) {
  if (scripts?.test === undefined) continue;
  test(`${folder}: no path leads to what is no input of its tests`, () => {
    const allowed = [...dependenciesOf(folder), ...named(nx?.targets?.test?.inputs ?? targetDefaults.test.inputs)];
    const sources = globSync('{src,test}/**/*.{ts,mjs}', { cwd: join(ROOT, folder) }).filter((name) => !name.includes('src/gen/'));
    const found = sources.flatMap((name) => {
      const file = join(ROOT, folder, name);
      const text = readFileSync(file, 'utf8');
      const paths = [...text.matchAll(LEADS_OUT)].map(([, path]) => relative(ROOT, resolve(dirname(file), path)));
      // Whoever has the root names what is below it; packages of `libs` are found by their imports.
      const below = paths.includes('') ? [...text.matchAll(WORDS)].map(([, , word]) => word).filter((word) => !['libs', '.'].includes(word)) : [];
      return [...paths, ...below].map((path) => ({ name, path }));
    });
    const outside = found.filter(({ path }) => path !== '' && !path.startsWith('..') && !NO_INPUT.test(path) && existsSync(join(ROOT, path)) && !allowed.some((each) => within(path, each)) && !holdsOnly(path, allowed));
    assert.deepEqual(outside, []);
  });
}

test('what nx counts among the inputs of a test is there: its own files, its dependencies, lock file, native sources, surroundings', () => {
  const env = { ...process.env, NX_DAEMON: 'false' };
  const shown = JSON.parse(execFileSync(join(ROOT, 'node_modules/.bin/nx'), ['show', 'target', 'inputs', '@stella/gate:test', '--json'], { cwd: ROOT, env, encoding: 'utf8' }));
  const text = JSON.stringify(shown);
  for (const path of ['services/gate/test/evaluate.spec.ts', 'libs/native/crates/', 'libs/platform/database/test/source-loader.mjs', 'package-lock.json', 'tools/test-surroundings.mjs']) {
    assert.ok(text.includes(path), path);
  }
});
