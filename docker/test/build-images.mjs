// node docker/test/build-images.mjs [IMAGE…]: builds images by the Dockerfile, and prints what each took and weighs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call } from '../../e2e/cluster/lib/command.mjs';
import { REPOSITORY } from '../../e2e/cluster/lib/paths.mjs';
import { ensureBaseImages } from './base-images.mjs';
import { docker, startDocker } from './daemon.mjs';

export const IMAGES = Object.keys(JSON.parse(readFileSync(join(REPOSITORY, 'docker', 'images.json'), 'utf8')).images);
const VERSION = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).version;

export function tagOf(image, version = VERSION) {
  return `localhost/stella-${image}:${version}`;
}

/** @returns [{image, tag, seconds, bytes, ownBytes}]: `ownBytes` without the base. Docker must run. */
export async function buildImages(images = IMAGES, { version = VERSION } = {}) {
  const base = await ensureBaseImages();
  const baseBytes = sizeOf(base.runtime);
  return images.map((image) => {
    const began = Date.now();
    const tag = tagOf(image, version);
    const values = { IMAGE: image, NODE_IMAGE: base.runtime, BUILD_IMAGE: base.build, NATIVE: 'prebuilt', VERSION: version, REVISION: revision() };
    const args = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    docker(['build', '--network', 'host', '--progress', 'plain', '-f', 'docker/Dockerfile', ...args, '-t', tag, '.'], { cwd: REPOSITORY });
    const bytes = sizeOf(tag);
    return { image, tag, seconds: Math.round((Date.now() - began) / 100) / 10, bytes, ownBytes: bytes - baseBytes };
  });
}

/** All of them in one archive, as `ctr image import` reads it: layers that they share are in it once. */
export function saveImages(tags, path) {
  docker(['save', '-o', path, ...tags]);
}

function sizeOf(tag) {
  return Number(docker(['image', 'inspect', '--format', '{{.Size}}', tag]));
}

function revision() {
  return call('git', ['rev-parse', 'HEAD'], { cwd: REPOSITORY }).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stop = await startDocker();
  try {
    const names = process.argv.slice(2);
    for (const { image, seconds, bytes, ownBytes } of await buildImages(names.length > 0 ? names : IMAGES)) {
      console.log(`${image.padEnd(16)} ${String(seconds).padStart(7)} s  ${(bytes / 1e6).toFixed(0).padStart(5)} MB, of it ${(ownBytes / 1e6).toFixed(0)} MB above the base`);
    }
  } finally {
    await stop();
  }
}
