// node docker/closure.mjs IMAGE OUT: lays out what one service needs at run time, and nothing else, with its bill of
// materials. The versions are those of the lock file, the files those of the built workspace.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closureOf } from './lib/lock-closure.mjs';
import { billOfMaterials } from './lib/bill-of-materials.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, out] = process.argv.slice(2);
const { images, neverRun } = JSON.parse(readFileSync(join(root, 'docker/images.json'), 'utf8'));
const image = images[name];
if (image === undefined || out === undefined) {
  console.error(`usage: closure.mjs ${Object.keys(images).join('|')} OUT`);
  process.exit(2);
}

/** What is only read by compilers and people. */
const NOT_RUN = new Set(['.ts', '.mts', '.cts', '.map', '.md', '.markdown', '.tsbuildinfo', '.flow']);
const NOT_RUN_FOLDERS = new Set(['test', 'tests', '__tests__', 'docs', 'example', 'examples', 'coverage', '.github']);
/** Of a workspace that is not a published package: the rest is source. */
const OWN = ['package.json', 'dist', 'migrations', 'data', 'descriptors.binpb', 'keys'];

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const closure = closureOf(lock, image.workspace, new Set([...neverRun, ...(image.without ?? [])]), {
  isInstalled: (path) => existsSync(join(root, path)),
  manifestOf: (path) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')),
});
for (const { path, link } of closure) {
  if (link !== undefined) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    symlinkSync(relative(dirname(join(out, path)), join(out, link)), join(out, path));
  } else if (path.includes('node_modules/')) copyPackage(path);
  else for (const part of OWN) copyIfThere(join(path, part));
}
if (image.native) copyIfThere('target/release/stella-native');
symlinkSync(join(image.workspace, image.main ?? 'dist/main.js'), join(out, 'main.js'));
writeFileSync(join(out, 'package.json'), `${JSON.stringify({ name: `@stella/image-${name}`, private: true, type: 'module' })}\n`);
const cargoLock = image.native ? readFileSync(join(root, 'Cargo.lock'), 'utf8') : undefined;
writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(name, closure, lock, cargoLock), null, 1)}\n`);

function copyPackage(path) {
  const from = join(root, path);
  cpSync(from, join(out, path), { recursive: true, filter: (source) => source === from || isRun(relative(from, source)) });
}

function isRun(path) {
  const [first] = path.split('/');
  // Packages of the closure that are nested here are copied by themselves.
  return first !== 'node_modules' && !NOT_RUN_FOLDERS.has(first) && !NOT_RUN.has(extname(path));
}

function copyIfThere(path) {
  const from = join(root, path);
  if (!existsSync(from)) return;
  mkdirSync(dirname(join(out, path)), { recursive: true });
  cpSync(from, join(out, path), { recursive: true, filter: (source) => !NOT_RUN.has(extname(source)) && !source.endsWith('.spec.js') });
}
